import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { StudioError, exitCodes } from "../../errors.ts";
import type { Connection } from "../ssh/connection.ts";
import { type HostFacts, quoted } from "./host-facts.ts";
import { type OwnPackage, listPackage, programPath } from "./own-package.ts";
import { removeOld } from "./remove-old.ts";

export interface SendInput {
  connection: Connection;
  facts: HostFacts;
  own: OwnPackage;
  say: (text: string) => void;
}

/**
 * Sees to it that the host has this very studio, and a Node.js to run it.
 * @returns the words that start it there
 */
export async function providePackage(input: SendInput): Promise<string[]> {
  const { connection, facts, own } = input;
  refuseOtherSystem(input);
  const node = facts.node ?? (await sendNode(input));
  if (!facts.hasStudio) await sendStudio(input);
  if (facts.node === null || !facts.hasStudio) await removeOld(connection, facts.home, node);
  return [node, `${facts.home}/.studio/versions/${own.digest}/${programPath()}`];
}

/** Native libraries are those of this system. */
function refuseOtherSystem({ connection: { host }, facts }: SendInput): void {
  const { platform, architecture } = facts;
  if (platform === process.platform && architecture === process.arch) return;
  throw new StudioError({
    code: "remote.otherSystem",
    message: `The host ${host} is ${platform} on ${architecture}, and this machine ${process.platform} on ${process.arch}: the studio that runs here would not run there. Nothing was changed.`,
    hint: "Type the command on a machine like the host, such as in CI.",
    exitCode: exitCodes.unavailable,
  });
}

async function sendStudio({ connection, facts, own, say }: SendInput): Promise<void> {
  const { base, own: files, dependencies } = listPackage();
  const root = quoted(`${facts.home}/.studio`);
  if (!facts.hasDependencies) {
    say(`Sending what studio needs to ${connection.host}, once`);
    const folder = `dependencies/${own.dependencies}`;
    await unpack(connection, archive(base, dependencies), root, folder, "");
  }
  say(`Sending studio to ${connection.host}`);
  // Hard links cost neither time nor room; where there are none, a copy does.
  const from = `dependencies/${own.dependencies}/.`;
  const link = `{ cp -al ${from} "$part" 2>/dev/null || cp -a ${from} "$part"; } && `;
  await unpack(connection, archive(base, files), root, `versions/${own.digest}`, link);
}

/** The folder appears whole or not at all; two that send at once do not meet. */
async function unpack(
  connection: Connection,
  content: Readable,
  root: string,
  folder: string,
  before: string,
): Promise<void> {
  const script =
    `umask 077 && mkdir -p ${root}/${dirname(folder)} && cd ${root} && part=${folder}.part.$$ && ` +
    `mkdir "$part" && ${before}gzip -dc | tar -xf - -C "$part" && ` +
    // A folder that another one put there meanwhile has the same in it.
    `if [ -d ${folder} ]; then rm -rf "$part"; else mv "$part" ${folder}; fi`;
  await succeed(connection, script, content);
}

/** @returns the program there, which runs */
async function sendNode({ connection, facts, say }: SendInput): Promise<string> {
  const { host } = connection;
  const name = `${process.version}-${process.arch}`;
  say(`Sending Node.js ${process.version} to ${host}, which has none that is new enough`);
  const root = quoted(`${facts.home}/.studio`);
  const content = archive(dirname(process.execPath), [basename(process.execPath)]);
  await unpack(connection, content, root, `node/${name}`, "");
  const program = `${facts.home}/.studio/node/${name}/node`;
  const { exitCode } = await connection.run(`${quoted(program)} --version`);
  if (exitCode === 0) return program;
  throw new StudioError({
    code: "remote.nodeMissing",
    message: `The host ${host} has no Node.js from 24.15 on, and the one that runs here does not run there.`,
    hint: `Install Node.js 24 on ${host} (https://nodejs.org/en/download), then type the same again.`,
    exitCode: exitCodes.unavailable,
  });
}

async function succeed(connection: Connection, script: string, content: Readable): Promise<void> {
  const { exitCode } = await connection.run(`sh -c ${quoted(script)}`, content);
  if (exitCode === 0) return;
  throw new StudioError({
    code: "remote.notInstalled",
    message: `studio could not be unpacked on ${connection.host}, by which nothing else was changed.`,
    hint: `See that there are tar, gzip and room on the disk: ssh ${connection.host} df -h .`,
    exitCode: exitCodes.unavailable,
  });
}

/** A compressed archive of files below a folder. */
function archive(base: string, paths: readonly string[]): Readable {
  const compressed = createGzip({ level: 1 });
  // What goes wrong here shows where the compressed bytes are read.
  pipeline(Readable.from(pack(base, paths)), compressed).catch(() => {});
  return compressed;
}

async function* pack(base: string, paths: readonly string[]): AsyncGenerator<Buffer, void> {
  const { create } = await import("tar");
  const stream = create({ cwd: base, portable: true, noDirRecurse: true }, [...paths]);
  for await (const chunk of stream) yield chunk;
}
