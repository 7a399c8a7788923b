// The Erlang systems that the matrix runs on: this machine's own, Debian releases in folders of their own, and Elixir on top.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const ROOTS = process.env.BEAMGAUGE_ROOTS ?? join(homedir(), '.cache/beamgauge/roots');
const MIRROR = process.env.BEAMGAUGE_MIRROR ?? 'http://deb.debian.org/debian';
const BUILD_TIMEOUT_MS = 10 * 60_000;
const ELIXIR = '/usr/lib/elixir/lib/elixir/ebin';

// `otp` is what to expect of each; the table says what was found.
const DEBIAN = [
  { otp: '23', suite: 'bullseye' },
  { otp: '25', suite: 'bookworm' },
  { otp: '27', suite: 'trixie' },
  { otp: '29', suite: 'sid' },
];

export const RELEASES = [...DEBIAN.map(({ otp }) => otp), 'elixir'];

const VERSION = 'io:put_chars(erlang:system_info(otp_release)),halt().';

// The OTP release that a command starts, or undefined if it starts none.
async function releaseOf(command) {
  const [program, ...args] = command.split(' ');
  const { stdout } = await execute(program, [...args, '-noshell', '-eval', VERSION], { timeout: 30_000 }).catch(() => ({ stdout: '' }));
  return /^\d+$/.test(stdout) ? stdout : undefined;
}

const found = (program) => process.env.PATH.split(':').concat('/usr/sbin').some((folder) => existsSync(join(folder, program)));

// Why no folder can be made or entered here, or undefined.
function whyNoRoots() {
  if (process.getuid() !== 0) return 'needs root, for chroot';
  if (!found('chroot')) return 'needs chroot';
  return undefined;
}

// Made beside its place and moved there when it is whole.
async function makeRoot(suite, path, deadline) {
  if (!found('debootstrap')) throw new Error('needs debootstrap');
  const timeout = Math.min(BUILD_TIMEOUT_MS, deadline - Date.now());
  if (timeout <= 0) throw new Error('the time that --minutes gives was over before its root was made');
  const partial = `${path}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const args = ['--variant=minbase', '--include=erlang-base', suite, partial, MIRROR];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  await execute('debootstrap', args, { env, timeout, maxBuffer: 1 << 26 }).catch(async (error) => {
    await rm(partial, { recursive: true, force: true });
    const said = error.killed ? `not done in ${Math.round(timeout / 1000)} s` : (error.stderr || error.stdout || error.message).trim().split('\n').at(-1);
    throw new Error(`debootstrap ${suite} ${MIRROR} failed: ${said}`);
  });
  await rename(partial, path);
}

async function debian({ otp, suite }, own, deadline, say) {
  const label = `OTP ${otp} (${suite})`;
  if (own === otp) return { label: `OTP ${otp} (this machine)`, command: 'erl' };
  const why = whyNoRoots();
  if (why) return { label, why };
  const path = join(ROOTS, suite);
  try {
    if (!existsSync(join(path, 'usr/bin/erl'))) {
      say(`making ${path}, once`);
      await makeRoot(suite, path, deadline);
    }
  } catch (error) {
    return { label, why: error.message };
  }
  const command = `chroot ${path} erl`;
  const release = await releaseOf(command);
  return release ? { label: `OTP ${release} (${suite})`, command } : { label, why: `no Erlang starts in ${path}` };
}

async function elixir(own) {
  const label = 'Elixir (this machine)';
  if (!own) return { label, why: 'needs Erlang' };
  if (!existsSync(ELIXIR)) return { label, why: 'needs the package elixir' };
  return { label, command: `erl -pa ${ELIXIR} -eval application:ensure_all_started(elixir)` };
}

// [{label, command}] of what can be run here, {label, why} of what cannot.
export async function findReleases(wanted, deadline, say) {
  const own = await releaseOf('erl');
  const releases = [];
  for (const entry of DEBIAN.filter(({ otp }) => wanted.includes(otp))) releases.push(await debian(entry, own, deadline, say));
  if (wanted.includes('elixir')) releases.push(await elixir(own));
  return releases;
}
