import type { Context } from "./context.ts";

/** One line on stderr that is drawn over itself while something goes on. */
export interface Meter {
  say(text: string): void;
  /** Takes the line away. */
  close(): void;
}

/** Draws on a terminal alone: elsewhere each line would stay. */
export function createMeter({
  stderr,
  terminal,
  env,
  options,
  masker,
}: Pick<Context, "stderr" | "terminal" | "env" | "options" | "masker">): Meter {
  const draws = terminal.stderr && env["TERM"] !== "dumb" && !options.quiet && !options.json;
  const wipe = "\r\u001b[K";
  let drawn = false;
  return {
    say(text) {
      if (!draws) return;
      // A terminal that was not told its size says 0.
      const columns = (stderr as { columns?: number }).columns || 80;
      stderr.write(`${wipe}${masker.mask(text).slice(0, columns - 1)}`);
      drawn = true;
    },
    close() {
      if (drawn) stderr.write(wipe);
      drawn = false;
    },
  };
}
