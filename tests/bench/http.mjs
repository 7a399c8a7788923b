// (a) A cached answer against nginx serving the same bytes from a file: one worker each, in turn, wrk on the other core.
import { execFileSync } from 'node:child_process';
import { Child } from '../integration/lib/child.mjs';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { freePort, listens } from '../integration/lib/net.mjs';
import { until } from '../integration/lib/wait.mjs';
import { median, row, wrk } from './measure.mjs';

const ROUNDS = 5;
const CONNECTIONS = 64;

const nginxConfig = (folder, port) => `
daemon off; worker_processes 1; pid ${folder.file('nginx.pid')}; error_log ${folder.file('error.log')};
events { worker_connections 256; }
http {
  access_log off; sendfile on; keepalive_requests 1000000; open_file_cache max=16; default_type application/json;
  client_body_temp_path ${folder.file('t1')}; proxy_temp_path ${folder.file('t2')}; fastcgi_temp_path ${folder.file('t3')};
  uwsgi_temp_path ${folder.file('t4')}; scgi_temp_path ${folder.file('t5')};
  server { listen 127.0.0.1:${port}; root ${folder.path}; }
}`;

async function startNginx(world, body) {
  const folder = await Folder.make();
  world.keep({ stop: () => folder.remove() });
  const port = await freePort();
  await folder.write('memory.json', body);
  execFileSync('chmod', ['-R', 'a+rX', folder.path]);
  const config = await folder.write('nginx.conf', nginxConfig(folder, port));
  world.keep(new Child('taskset', ['-c', '0', 'nginx', '-c', config, '-p', folder.path], { name: 'nginx' }));
  await until('nginx to listen', () => listens(port));
  return `http://127.0.0.1:${port}/memory.json`;
}

export async function benchHttp(world) {
  const node = await world.node();
  const beamgauge = await world.beamgauge();
  execFileSync('taskset', ['-a', '-p', '-c', '0', String(beamgauge.child.pid)]);
  await beamgauge.register(node);
  const path = `nodes/${node.name}/memory?max_age_ms=600000`;
  const { text } = await beamgauge.api(path);
  const theirs = await startNginx(world, text);
  const ours = `http://127.0.0.1:${beamgauge.port}/api/v1/${path}`;
  const ratios = [];
  for (let i = 0; i < ROUNDS; i++) {
    const a = await wrk(ours, { connections: CONNECTIONS });
    const b = await wrk(theirs, { connections: CONNECTIONS });
    ratios.push({ a: a.perSecond, b: b.perSecond, ratio: a.perSecond / b.perSecond });
  }
  const middle = ratios.find((r) => r.ratio === median(ratios.map((x) => x.ratio)));
  return [row(`cached memory, ${text.length} bytes, against nginx`, middle.a, middle.b, { unit: 'requests/s', aim: '>= 0.8' })];
}
