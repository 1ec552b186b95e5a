import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describeProblem, problemMediaType } from "./problem.ts";

/** Seconds after which a caller may try again. */
const retryAfter = 10;

/**
 * Whether the public is told to come back later. It is noted in a file, so that a daemon that is
 * started again in the middle of it does not let anybody in.
 */
export class Maintenance {
  readonly #file: string | null;
  #on: boolean;

  constructor(file: string | null) {
    this.#file = file;
    this.#on = file !== null && existsSync(file);
  }

  get on(): boolean {
    return this.#on;
  }

  set(on: boolean): void {
    if (this.#file !== null) {
      if (on) writeFileSync(this.#file, "", { mode: 0o600 });
      else rmSync(this.#file, { force: true });
    }
    this.#on = on;
  }

  /** Answers a public request in the place of the API; false where it should go on. */
  answer(request: IncomingMessage, response: ServerResponse, requestId: string): boolean {
    const { url = "", headers } = request;
    if (!this.#on || url.startsWith("/health/live")) return false;
    response.statusCode = 503;
    response.setHeader("retry-after", String(retryAfter));
    response.setHeader("cache-control", "no-store");
    if (headers.accept?.includes("text/html") === true) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(page);
    } else {
      response.setHeader("content-type", problemMediaType);
      const failure = { status: 503, code: "maintenance", detail: message };
      response.end(JSON.stringify(describeProblem(failure, url, requestId)));
    }
    return true;
  }
}

const message = `This service is being changed, and answers again in a moment. Try again in ${retryAfter} seconds.`;

const page = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta http-equiv="refresh" content="${retryAfter}">
  <title>Back in a moment</title>
  <h1>Back in a moment</h1>
  <p>${message}</p>
</html>
`;
