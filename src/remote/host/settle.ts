import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { openLedgerForReading } from "../../ledger/ledger.ts";
import { findUnfinished } from "../../ledger/operations.ts";
import { type Lock, acquireLock } from "../../operation/lock.ts";
import { unfinishedError } from "../../operation/perform.ts";
import { statePaths } from "../../state.ts";
import type { Order, ProjectFile } from "../protocol.ts";
import { copyFiles } from "./copy-files.ts";
import { type HomePaths, homePaths, readHomeMark } from "./home.ts";
import { type HomeFiles, checkPaths, openHomeFiles, saveHomeFiles } from "./home-files.ts";
import { type Link, messageOf } from "./link.ts";
import { connectionLost, receiveContents } from "./receive.ts";
import { fileNames } from "./name-files.ts";
import { replaceFile } from "../../replace-file.ts";
import { finishTaking, takeFiles } from "./take-files.ts";

export interface SettleInput {
  order: Order;
  link: Link;
  /** Of the user that studio runs as there. */
  userHome: string;
  version: string;
  /** Of this run, for those who find its lock. */
  run: string;
  signal: AbortSignal;
  now: Date;
}

/** The project as the command is to find it. */
export interface Settled {
  directory: string;
  /** The home itself, also where the command looks at a copy. */
  home: string;
  /** What is said of files, in the words of the machine that sent them. */
  named(text: string): string;
  /** Gives up the hold on the files; removes a copy. */
  release(): void;
}

/**
 * Brings the project's files to where the command runs. Whoever takes files over holds a lock on
 * them until the command has ended, so that two machines never mix theirs; and takes them under the
 * environment's lock, so that nothing changes below an operation.
 */
export async function settle(input: SettleInput): Promise<Settled> {
  const { order } = input;
  const paths = homePaths(order.home, input.userHome);
  refuseOlder(paths, input.version);
  const isThere = existsSync(join(paths.folder, order.configFile));
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  if (order.files === "there" && isThere && !existsSync(paths.taking)) {
    return atHome(paths, () => {});
  }
  const home = openHomeFiles(paths);
  if (!order.reads) return take(input, home);
  const files = await receive(input, home);
  const directory = await copyFiles(home, files, input.now);
  const release = () => rmSync(directory, { recursive: true, force: true });
  const copy = { folder: directory, home: paths.folder, directory: order.directory };
  return { directory, home: paths.folder, named: fileNames(copy), release };
}

const atHome = ({ folder }: HomePaths, release: () => void): Settled => ({
  directory: folder,
  home: folder,
  named: (text) => text,
  release,
});

async function take(input: SettleInput, home: HomeFiles): Promise<Settled> {
  const { order } = input;
  const { paths } = home;
  const lock = await lockFor(input, paths.lock, order.words.join(" "));
  try {
    const underLock = async (act: () => Promise<void>) => {
      const state = statePaths(paths.folder, order.home.environment);
      const environmentLock = await lockFor(input, state.lock, "taking files over");
      try {
        await act();
      } finally {
        environmentLock.release();
      }
    };
    await underLock(() => finishTaking(home));
    if (order.files === "there" && existsSync(join(paths.folder, order.configFile))) {
      return atHome(paths, () => lock.release());
    }
    const files = await receive(input, home);
    await underLock(async () => {
      refuseUnfinished(paths, order.home.environment);
      await takeFiles(home, files);
      const by = callerOf(order);
      const mark = { environment: order.home.environment, version: input.version, by };
      replaceFile(paths.mark, JSON.stringify(mark));
    });
    return atHome(paths, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function receive({ link }: SettleInput, home: HomeFiles): Promise<ProjectFile[]> {
  link.send({ kind: "manifestWanted" });
  const frame = await link.next();
  const message = frame === null ? null : messageOf(frame);
  if (message?.kind !== "manifest") throw connectionLost();
  checkPaths(message.files);
  await receiveContents(home, message.files, link);
  saveHomeFiles(home);
  return message.files;
}

const callerOf = ({ caller }: Order): string => `${caller.user}@${caller.host}`;

function lockFor(input: SettleInput, file: string, kind: string): Promise<Lock> {
  const { order, run, signal, now } = input;
  return acquireLock({
    file,
    environment: order.home.environment,
    holder: { kind, operation: run, user: callerOf(order), since: now.toISOString() },
    wait: order.lockWait,
    signal,
  });
}

/** An operation that is to be carried through needs the files it began with. */
function refuseUnfinished(paths: HomePaths, environment: string): void {
  const ledger = openLedgerForReading(statePaths(paths.folder, environment).ledger);
  try {
    const unfinished = ledger === null ? null : findUnfinished(ledger, environment);
    if (unfinished !== null) throw unfinishedError(unfinished);
  } finally {
    ledger?.close();
  }
}

/** State that a newer studio wrote may mean what this one does not know. */
function refuseOlder({ folder }: HomePaths, version: string): void {
  const mark = readHomeMark(folder);
  if (mark === null || !isNewer(mark.version, version)) return;
  throw new StudioError({
    code: "remote.newer",
    message: `The environment was last changed by studio ${mark.version} (${mark.by}); this is ${version}. Nothing was changed.`,
    hint: `Install studio ${mark.version} or later here, then type the same again.`,
    exitCode: exitCodes.unavailable,
  });
}

function isNewer(one: string, other: string): boolean {
  const collator = new Intl.Collator("en", { numeric: true });
  const [a = "", b = ""] = [one, other].map((version) => version.split(/[-+]/)[0]);
  return collator.compare(a, b) > 0;
}
