// Commands out of Markdown pages, run as they stand there.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.mjs';
import { LIMIT_MS } from './wait.mjs';

const ROOT = new URL('../../../', import.meta.url);

// What a YAML block runs: the lines that stand deeper than its `run: |`.
function runOf(yaml) {
  const [, before, lines] = /^( *)run: \|\n((?:.*\n)*)/m.exec(yaml);
  const indent = `${before}  `;
  return lines.split('\n').map((line) => line.slice(indent.length)).join('\n');
}

// [{heading, command, output}]: the blocks that are commands, each with the output that is printed below it, if any.
export async function commandsIn(page) {
  const text = await readFile(new URL(page, ROOT), 'utf8');
  const found = [];
  let heading = '';
  for (const [, title, language, body] of text.matchAll(/^#+ (.*)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (title) heading = title;
    else if (language === 'sh') found.push({ heading, command: body });
    else if (language === 'yaml' && /^ *run: \|$/m.test(body)) found.push({ heading, command: runOf(body) });
    else if (language === '' && found.at(-1)?.heading === heading) found.at(-1).output = body;
  }
  return found;
}

// Lines as patterns of lines: numbers and sizes are of the moment, folders of the machine.
const shape = (line) =>
  line.trim()
    .replace(/(?<=^|[ ,])[\w./-]*\//g, '')
    .replace(/-?\d[\d,.]* (B|[KMGT]iB)(?!\w)/g, 'SIZE')
    .replace(/-?\d[\d,.]*/g, 'N')
    .replace(/\s+/g, ' ');

// The lines printed in the page that the command did not print; one that ends with [...] is the beginning of a line.
export function linesMissing(printed, actual) {
  const shapes = actual.split('\n').map(shape);
  return printed.trimEnd().split('\n').filter((line) => {
    const [wanted, cut] = line.split('[...]');
    return !shapes.some((each) => (cut === undefined ? each === shape(wanted) : each.startsWith(shape(wanted))));
  });
}

// Runs a script in a new folder, its home, with these files. `ports` {'127.0.0.1:7788': port} gives curl the real port for a host and port in the script.
export async function shell(script, { folder, ports, files = {}, env = {}, command = ['bash', '-euo', 'pipefail'] }) {
  const redirects = Object.entries(ports).map(([address, port]) => `connect-to = "${address}:127.0.0.1:${port}"\n`);
  await mkdir(folder);
  for (const [name, text] of Object.entries({ '.curlrc': redirects.join(''), ...files })) await writeFile(join(folder, name), text);
  const [program, ...args] = command;
  const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env }, timeout: 2 * LIMIT_MS };
  // Node.js' pipes are sockets, which bash on stdin takes for a remote login.
  return run(program, [...args, '-c', script], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}
