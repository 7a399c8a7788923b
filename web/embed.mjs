// Writes the page as one C file: node embed.mjs OUTPUT.c /path=FILE ...
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
const GZIP_OS_BYTE = 9; // the byte for the compressing system: the same everywhere

function pack(data) {
  const packed = gzipSync(data, { level: 9 });
  packed[GZIP_OS_BYTE] = 255;
  return packed.length < data.length ? packed : null;
}

function toArray(name, data) {
  const lines = [];
  for (let at = 0; at < data.length; at += 32) lines.push(`    ${[...data.subarray(at, at + 32)].join(',')},`);
  return `static const uint8_t ${name}[] = {\n${lines.join('\n')}\n};\n`;
}

function embed(argument, index) {
  const [path, file] = argument.split('=');
  const type = TYPES[extname(file)];
  if (type === undefined) throw new Error(`${file}: no content type is known for it`);
  const data = readFileSync(file);
  const packed = pack(data);
  const etag = `\\"${createHash('sha256').update(data).digest('base64url')}\\"`;
  const gzip = packed === null ? 'NULL, 0' : `gzip_${index}, sizeof gzip_${index}`;
  return {
    arrays: toArray(`data_${index}`, data) + (packed === null ? '' : toArray(`gzip_${index}`, packed)),
    row: `    {"${path}", "${type}", data_${index}, sizeof data_${index}, ${gzip}, "${etag}"},\n`,
  };
}

const [output, ...files] = process.argv.slice(2);
const parts = files.map(embed);
writeFileSync(
  output,
  [
    '/* The page, embedded by web/embed.mjs. */\n#include "beamgauge/web.h"\n\n#include <stddef.h>\n\n',
    ...parts.map((part) => part.arrays),
    '\nconst struct bg_asset bg_web_assets[] = {\n',
    ...parts.map((part) => part.row),
    '    {NULL, NULL, NULL, 0, NULL, 0, NULL},\n};\n',
  ].join(''),
);
