import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, reasonOf } from "../../errors.ts";
import { pullError, tooLarge } from "./pull-error.ts";

export interface DownloadOptions {
  /** Absolute path of a folder for what is under way. */
  folder: string;
  maximumBytes: number;
  signal: AbortSignal;
  say: (text: string) => void;
  /** Milliseconds without a byte after which a connection is given up. Default: 60 s. */
  patience?: number;
  /** Milliseconds before the second attempt; each further one waits twice as long. Default: 500. */
  pause?: number | undefined;
}

export interface Download {
  /** Absolute path; the caller moves or removes it. */
  file: string;
  /** Bytes that were there from an earlier attempt. */
  resumed: number;
}

/** Attempts in a row of which none brought a byte. */
const attempts = 5;

/**
 * Fetches a file over HTTP. What an earlier call has left unfinished is continued, when the server
 * says that it is still the same file (RFC 9110, If-Range).
 * @throws StudioError `pull.download` (the part stays, to be continued) or `pull.size`
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 32);
  const file = join(options.folder, `${key}.part`);
  const note = join(options.folder, `${key}.json`);
  const transfer = new Transfer(url, file, note, options);
  const resumed = await transfer.bytes();
  for (let failed = 0; ; ) {
    const before = await transfer.bytes();
    try {
      await transfer.attempt();
      await rm(note, { force: true });
      return { file, resumed: transfer.restarted ? 0 : resumed };
    } catch (error) {
      if (options.signal.aborted || error instanceof StudioError) throw error;
      failed = (await transfer.bytes()) > before ? 1 : failed + 1;
      if (failed >= attempts) throw unreachable(url, reasonOf(error));
      await sleep((options.pause ?? 500) * 2 ** failed, undefined, { signal: options.signal });
    }
  }
}

class Transfer {
  restarted = false;
  private readonly url: URL;
  private readonly file: string;
  private readonly note: string;
  private readonly options: DownloadOptions;
  private readonly authorization: string | null;

  constructor(url: string, file: string, note: string, options: DownloadOptions) {
    this.url = new URL(url);
    this.file = file;
    this.note = note;
    this.options = options;
    const { username, password } = this.url;
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.authorization = username === "" ? null : `Basic ${Buffer.from(pair).toString("base64")}`;
    this.url.username = "";
    this.url.password = "";
  }

  async bytes(): Promise<number> {
    return (await stat(this.file).catch(() => null))?.size ?? 0;
  }

  async attempt(): Promise<void> {
    const validator = await readFile(this.note, "utf8").catch(() => null);
    const have = validator === null ? 0 : await this.bytes();
    const stall = new AbortController();
    const patience = this.options.patience ?? 60_000;
    const timer = setTimeout(() => stall.abort(new Error("nothing was sent")), patience);
    try {
      const signal = AbortSignal.any([this.options.signal, stall.signal]);
      const response = await fetch(this.url, { headers: this.headers(have, validator), signal });
      if (response.status === 416 && sizeIn(response) === have) return;
      await this.receive(response, have, () => timer.refresh());
    } finally {
      clearTimeout(timer);
    }
  }

  private headers(have: number, validator: string | null): Record<string, string> {
    return {
      // A compressed transfer has other bytes, of which a part cannot be continued.
      "accept-encoding": "identity",
      ...(this.authorization === null ? {} : { authorization: this.authorization }),
      ...(have > 0 && validator !== null ? { range: `bytes=${have}-`, "if-range": validator } : {}),
    };
  }

  private async receive(response: Response, have: number, onData: () => void): Promise<void> {
    const { status, body } = response;
    if (status === 416) {
      await rm(this.note, { force: true });
      throw new Error("the server no longer has the same file");
    }
    if (!response.ok) throw refusal(String(this.url), status);
    const continued = status === 206 && startIn(response) === have;
    if (have > 0 && !continued) this.restarted = true;
    const begin = continued ? have : 0;
    const total = totalOf(response, begin);
    const { maximumBytes } = this.options;
    if (total !== null && total > maximumBytes) throw tooLarge(safeUrl(this.url), maximumBytes);
    await this.remember(response);
    const handle = await open(this.file, continued ? "a" : "w", 0o600);
    try {
      const end = await this.write(handle, body, begin, total, onData);
      if (total !== null && end !== total) throw new Error(`${end} of ${total} bytes came`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  private async write(
    handle: FileHandle,
    body: ReadableStream<Uint8Array> | null,
    begin: number,
    total: number | null,
    onData: () => void,
  ): Promise<number> {
    let at = begin;
    for await (const chunk of body ?? []) {
      at += chunk.length;
      if (at > this.options.maximumBytes) {
        throw tooLarge(safeUrl(this.url), this.options.maximumBytes);
      }
      await handle.writeFile(chunk);
      onData();
      this.options.say(total === null ? `${at} bytes` : `${Math.floor((at / total) * 100)} %`);
    }
    return at;
  }

  /** By what the server will know the same file again; a weak tag says too little. */
  private async remember({ headers }: Response): Promise<void> {
    const tag = headers.get("etag");
    const strong = tag !== null && !tag.startsWith("W/");
    const validator = strong ? tag : headers.get("last-modified");
    if (validator === null) await rm(this.note, { force: true });
    else await writeFile(this.note, validator, { mode: 0o600 });
  }
}

/** Without what may be a secret: user, password, query. */
export function safeUrl(url: URL | string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function startIn({ headers }: Response): number | null {
  const [, start] = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "") ?? [];
  return start === undefined ? null : Number(start);
}

function sizeIn({ headers }: Response): number | null {
  const [, size] = /\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  return size === undefined ? null : Number(size);
}

function totalOf(response: Response, begin: number): number | null {
  if (response.headers.get("content-encoding") !== null) return null;
  const length = response.headers.get("content-length");
  return length === null ? sizeIn(response) : begin + Number(length);
}

/** What another attempt may mend is no StudioError yet. */
function refusal(url: string, status: number): Error {
  const again = status >= 500 || status === 408 || status === 429;
  return again
    ? new Error(`the server answered ${status}`)
    : unreachable(url, `the server answered ${status}`);
}

function unreachable(url: string, reason: string): StudioError {
  return pullError(
    "pull.download",
    `${safeUrl(url)} could not be fetched: ${reason}.`,
    "What has come is kept: the same command goes on from there.",
  );
}
