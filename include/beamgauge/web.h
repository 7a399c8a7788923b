/* web.h: the page, embedded in the program at build time. */
#ifndef BEAMGAUGE_WEB_H
#define BEAMGAUGE_WEB_H

#include "beamgauge/http.h"

/* Every file of the page, made by web/embed.mjs; ends with a row whose path is NULL. */
extern const struct bg_asset bg_web_assets[];

#endif
