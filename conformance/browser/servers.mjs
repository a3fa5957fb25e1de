// Servers that a test starts, stops and starts again: on a SQLite file, or several on one PostgreSQL database.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const BINARY = process.env.PAGEBELL_BINARY;
export const POSTGRES_PROGRAMS = '/usr/lib/postgresql/15/bin';
const POSTGRES_ACCOUNT = 'postgres';
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PAGEBELL_')));

/** The environment of commands and servers on a store. */
const on = (store) => ({ env: { ...environment, PAGEBELL_STORE: store } });

const cleanups = new WeakMap();

/** Does something at the end of a test, in the opposite order: servers stop before their database. */
export function atEnd(test, action) {
  if (!cleanups.has(test)) {
    cleanups.set(test, []);
    test.after(async () => { for (const each of cleanups.get(test).toReversed()) await each(); });
  }
  cleanups.get(test).push(action);
}

/** Runs a command on a store; what it printed. */
export function administer(store, ...words) {
  return execFileSync(BINARY, words, { ...on(store), encoding: 'utf8' }).trim();
}

/** Repeats until `holds` is true. */
export async function eventually(what, holds, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${what}: not within ${seconds} s`);
    await pause(25);
  }
}

/** Starts a server; `listen` names the port of an earlier one. */
export async function serve(store, { listen = '127.0.0.1:0', options = [] } = {}) {
  const child = spawn(BINARY, ['serve', '--listen', listen, '--log-level', 'error', ...options], { ...on(store), stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (data) => { printed += data; });
  await eventually('the server listens', () => {
    assert.equal(child.exitCode, null, 'the server ended');
    return /^listening on \S+\n/.test(printed);
  });
  const base = /^listening on (\S+)/.exec(printed)[1];
  const stop = async () => {
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  };
  return { base, listen: new URL(base).host, stop };
}

/** A folder that is removed at the end of a test. */
export function temporaryFolder(test) {
  const folder = mkdtempSync(join(tmpdir(), 'pagebell-'));
  atEnd(test, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A PostgreSQL cluster of the test's own; the address of its database as a store. */
export async function postgres(test) {
  const folder = temporaryFolder(test);
  const isRoot = process.getuid() === 0;
  const as = (program, ...words) => (isRoot ? ['runuser', ['-u', POSTGRES_ACCOUNT, '--', `${POSTGRES_PROGRAMS}/${program}`, ...words]] : [`${POSTGRES_PROGRAMS}/${program}`, words]);
  if (isRoot) execFileSync('chown', [POSTGRES_ACCOUNT, folder]);
  const quiet = { stdio: 'ignore' };
  execFileSync(...as('initdb', '-D', folder, '-U', POSTGRES_ACCOUNT, '-A', 'trust', '--no-sync'), quiet);
  // `pg_ctl` waits until it accepts connections, and stops it by its own process id.
  execFileSync(...as('pg_ctl', '-D', folder, '-w', '-l', `${folder}/log`, '-o', `-k ${folder} -c listen_addresses=`, 'start'), quiet);
  atEnd(test, () => execFileSync(...as('pg_ctl', '-D', folder, '-m', 'immediate', 'stop'), quiet));
  return `postgres://${POSTGRES_ACCOUNT}@${folder.replaceAll('/', '%2F')}:5432/postgres`;
}

/** A proxy that sends each request to the next server. */
export async function roundRobin(test, servers) {
  let turn = 0;
  const proxy = http.createServer((request, response) => {
    const { hostname, port } = new URL(servers[turn++ % servers.length].base);
    const forwarded = http.request({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  atEnd(test, () => { proxy.closeAllConnections(); proxy.close(); });
  return `http://127.0.0.1:${proxy.address().port}`;
}
