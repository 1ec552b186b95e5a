import type { Writable } from "node:stream";
import { readFrames, writable } from "./frames.ts";
import type { Play } from "./play.ts";
import { type RunEvent, type RunExit, relayMark } from "./protocol.ts";
import type { Scene } from "./scene.ts";
import type { Session } from "./ssh/connection.ts";

/** Hears what comes from a host, also over several connections to the same run. */
export class Ear {
  /** Bytes of events that arrived. */
  offset = 0;
  /** How the run ended; null while it has not, or where the connection broke. */
  exit: RunExit | null = null;
  /** True once a relay answered. */
  isBegun = false;
  #line = Buffer.alloc(0);
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Resolves at the end of the run, or of the connection. */
  async listen({ process: child }: Session, play: Play): Promise<void> {
    const { stdout } = child;
    if (stdout === null) throw new Error("A session has a standard output.");
    child.once("error", () => stdout.destroy());
    try {
      for await (const { kind, bytes } of readFrames(stdout, relayMark)) {
        this.isBegun = true;
        if (kind === "events") await this.#hear(bytes, play);
        else if (kind === "output") await pass(this.#scene.stdout, bytes);
        else if (kind === "error") await pass(this.#scene.stderr, bytes);
        else if (kind === "exit") {
          this.exit = JSON.parse(bytes.toString("utf8")) as RunExit;
          return;
        }
      }
    } catch (error) {
      // A stream that is cut off ends too early; anything else has to be known.
      if (!stdout.destroyed || !(error instanceof Error && "code" in error)) throw error;
    }
  }

  async #hear(bytes: Buffer, play: Play): Promise<void> {
    this.offset += bytes.length;
    this.#line = Buffer.concat([this.#line, bytes]);
    for (let end = this.#line.indexOf(10); end !== -1; end = this.#line.indexOf(10)) {
      const text = this.#line.toString("utf8", 0, end);
      this.#line = this.#line.subarray(end + 1);
      await play.show(JSON.parse(text) as RunEvent);
    }
  }
}

async function pass(stream: Writable, bytes: Buffer): Promise<void> {
  if (!stream.write(bytes)) await writable(stream);
}
