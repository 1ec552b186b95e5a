import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type ProcessIdentity, isAlive, ownIdentity } from "../../shell/process-identity.ts";
import type { ModelRecord } from "../models.ts";
import type { Act, Care } from "./care.ts";

export interface CrashRecordPlace {
  /** Absolute path; the record lies there, and what is being done in the same name with `.now`. */
  file: string;
  /** The signal that ended the process before this one; null where nobody saw it end. */
  endedBy: string | null;
}

/** A content that was being loaded or computed as the process ended. */
interface Crash {
  model: string;
  version: string;
  sha256: string;
  act: Act;
  signal: string | null;
  /** UTC, ISO 8601. */
  at: string;
}

interface Content {
  /** The process that uses the record; null after one that stopped in good order. */
  process: ProcessIdentity | null;
  crashes: Crash[];
}

type Subject = Pick<ModelRecord, "name" | "version" | "sha256">;

/** Signals of which native code dies: the machine's own, and that of `abort()`. */
const fatal = new Set(["SIGSEGV", "SIGFPE", "SIGBUS", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS"]);

/** A content that ended the daemon so often while it was known to is left out. */
const patience = 2;

/** For so many milliseconds after a crash the daemon is careful, and a crash counts. */
const carefulFor = 10 * 60_000;

/**
 * Knows which models end the process. A session crashes natively with the whole process, so nothing
 * can be caught: the next process finds out. After a crash it is careful for ten minutes: one model
 * at a time loads or computes, and a file says which. One that is there at the end of two such
 * processes is left out from then on. In ordinary times nothing is noted, which costs nothing.
 */
export class CrashRecord {
  /** Why the daemon is careful; null: it is not. */
  readonly last: { signal: string | null; crash: Crash | null } | null;
  readonly #place: CrashRecordPlace;
  readonly #crashes: Crash[];
  readonly #turn: SharedArrayBuffer | null;
  readonly #runs: boolean;
  #timer: NodeJS.Timeout | undefined;

  private constructor(place: CrashRecordPlace, before: Content, now: Date) {
    const { endedBy } = place;
    const isCrash = before.process !== null && (endedBy === null || fatal.has(endedBy));
    // Where nobody saw the end it may have been anybody's SIGKILL: it was bad luck then which model
    // computed. That the same one was being loaded twice is none.
    this.#runs = isCrash && endedBy !== null;
    const crash = isCrash ? readCrash(place, this.#runs, now) : null;
    rmSync(nowFile(place), { force: true });
    this.last = isCrash ? { signal: endedBy, crash } : null;
    this.#place = place;
    const counted = crash === null ? before.crashes : [...before.crashes, crash];
    this.#crashes = counted.filter((one) => countOf(counted, one) >= patience || isNew(one, now));
    this.#turn = isCrash ? new SharedArrayBuffer(8) : null;
    if (this.#turn !== null) this.#beCareful(new Int32Array(this.#turn));
    this.#write(ownIdentity());
  }

  /** Null where another process that is alive uses the record, or none can be written. */
  static open(place: CrashRecordPlace, now: Date): CrashRecord | null {
    const before = read(place.file);
    if (before.process !== null && isAlive(before.process)) return null;
    try {
      return new CrashRecord(place, sinceBoot(before), now);
    } catch {
      // A record that cannot be kept must not keep a daemon from serving.
      return null;
    }
  }

  /** Why a content is not to be loaded unless somebody asks for it; null where nothing is known. */
  refusal(subject: Subject): string | null {
    const own = this.#crashes.filter((one) => isOf(one, subject));
    const newest = own.at(-1);
    if (newest === undefined || own.length < patience) return null;
    const end = newest.signal === null ? "ended" : `ended by ${newest.signal}`;
    const act = newest.act === "load" ? "it was being loaded" : "it was computing";
    return `the daemon was ${end} ${own.length} times in a row while ${act}, last at ${newest.at}`;
  }

  /** It did what it had crashed in: from then on it has a clean record of that. */
  forgive(subject: Subject, acts: readonly Act[]): void {
    const left = this.#crashes.filter((one) => !isOf(one, subject) || !acts.includes(one.act));
    if (left.length === this.#crashes.length) return;
    this.#crashes.splice(0, this.#crashes.length, ...left);
    this.#tryWrite(ownIdentity());
  }

  /** What the workers of a content are told; undefined while the daemon is not careful. */
  careFor({ name: model, version, sha256 }: Subject): Care | undefined {
    if (this.#turn === null) return undefined;
    const subject = { model, version, sha256 };
    return { turn: this.#turn, file: nowFile(this.#place), subject, runs: this.#runs };
  }

  /** The process ends in good order. */
  close(): void {
    clearTimeout(this.#timer);
    this.#tryWrite(null);
  }

  #beCareful(turn: Int32Array): void {
    turn[1] = 1;
    this.#timer = setTimeout(() => Atomics.store(turn, 1, 0), carefulFor).unref();
  }

  #tryWrite(process: ProcessIdentity | null): void {
    try {
      this.#write(process);
    } catch {
      // The disk is full: the next process takes this one for crashed, and is careful.
    }
  }

  #write(process: ProcessIdentity | null): void {
    const { file } = this.#place;
    if (process === null && this.#crashes.length === 0) {
      rmSync(file, { force: true });
      return;
    }
    const content: Content = { process, crashes: this.#crashes };
    writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** Removes a record, of a daemon that does not run: the next one knows of no crash. */
export function forgetCrashes(file: string): void {
  for (const one of [file, nowFile({ file }), `${file}.new`]) rmSync(one, { force: true });
}

const nowFile = ({ file }: Pick<CrashRecordPlace, "file">): string => `${file}.now`;

const isOf = (crash: Crash, { name, version, sha256 }: Subject): boolean =>
  crash.model === name && crash.version === version && crash.sha256 === sha256;

const countOf = (crashes: readonly Crash[], { model: name, ...rest }: Crash): number =>
  crashes.filter((one) => isOf(one, { name, ...rest })).length;

const isNew = ({ at }: Crash, now: Date): boolean => now.getTime() - Date.parse(at) < carefulFor;

/** A machine that was switched off has ended everything on it. */
function sinceBoot(content: Content): Content {
  const isThisBoot = content.process === null || content.process.boot === ownIdentity().boot;
  return isThisBoot ? content : { ...content, process: null };
}

function read(file: string): Content {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Content;
  } catch {
    return { process: null, crashes: [] };
  }
}

function readCrash(place: CrashRecordPlace, runs: boolean, now: Date): Crash | null {
  try {
    const noted = JSON.parse(readFileSync(nowFile(place), "utf8")) as Omit<Crash, "at" | "signal">;
    if (noted.act === "run" && !runs) return null;
    return { ...noted, signal: place.endedBy, at: now.toISOString() };
  } catch {
    return null;
  }
}
