import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { maintenancePage } from "./maintenance-page.ts";
import { describeProblem, problemMediaType } from "./problem.ts";

/** Seconds after which a caller may try again. */
const retryAfter = 10;

/**
 * Whether the public is told to come back later, and in which words. It is noted in a file, so that
 * a daemon that is started again in the middle of it does not let anybody in.
 */
export class Maintenance {
  readonly #file: string | null;
  /** Null: the public is served. Empty: there is nothing particular to tell it. */
  #words: string | null;

  constructor(file: string | null) {
    this.#file = file;
    this.#words = file === null ? null : read(file);
  }

  get on(): boolean {
    return this.#words !== null;
  }

  /** What the operator wrote for the public; null for nothing. */
  get message(): string | null {
    return this.#words === "" ? null : this.#words;
  }

  set(on: boolean, message: string | null): void {
    const words = on ? (message ?? "") : null;
    if (this.#file !== null) {
      if (words === null) rmSync(this.#file, { force: true });
      else writeFileSync(this.#file, words, { mode: 0o600 });
    }
    this.#words = words;
  }

  /** Whether a public request is to be answered in the place of the API. */
  concerns({ url = "" }: Pick<IncomingMessage, "url">): boolean {
    return this.on && !url.startsWith("/health/live");
  }

  answer(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const { url = "", headers } = request;
    const detail = this.message ?? neutral;
    response.statusCode = 503;
    response.setHeader("retry-after", String(retryAfter));
    response.setHeader("cache-control", "no-store");
    if (headers.accept?.includes("text/html") === true) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(maintenancePage(detail, retryAfter));
    } else {
      response.setHeader("content-type", problemMediaType);
      const failure = { status: 503, code: "maintenance", detail };
      response.end(JSON.stringify(describeProblem(failure, url, requestId)));
    }
  }
}

const neutral = `This service is being changed, and answers again in a moment. Try again in ${retryAfter} seconds.`;

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
