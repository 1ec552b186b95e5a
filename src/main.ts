import { registry } from "../commands/registry.ts";
import { StudioError, exitCodes } from "./errors.ts";
import { createContext } from "./cli/create-context.ts";
import { createMasker } from "./cli/mask.ts";
import { type Output, createOutput } from "./cli/output.ts";
import { type Parsed, parseArguments } from "./cli/program.ts";
import { chalkPaint, plainPaint } from "./cli/render.ts";
import { watchSignals } from "./cli/signals.ts";
import { packageVersion } from "./package-root.ts";

/** argv in, exit code out. The only place that ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  surviveClosedPipes();
  if (argv[0] === "__complete") {
    const { complete } = await import("./cli/complete.ts");
    const words = await complete(registry, argv.slice(1), { cwd: process.cwd(), env: process.env });
    process.stdout.write(words.map((word) => `${word}\n`).join(""));
    return;
  }
  const parsed = await parseArguments(registry, argv, packageVersion());
  if (parsed.action.kind === "print") {
    process.stdout.write(parsed.action.text);
    return;
  }
  const exitCode = await run(parsed);
  process.exitCode = exitCode;
  // Handles that libraries leave open (sockets of a pool, a poll) must not keep a result waiting.
  await drained(process.stdout);
  await drained(process.stderr);
  process.exit(exitCode);
}

async function run(parsed: Parsed): Promise<number> {
  const { options, words, action } = parsed;
  const masker = createMasker();
  const color = wantsColor(options.color);
  const style = async (stream: NodeJS.WriteStream) => ({
    terminal: stream.isTTY === true,
    paint: stream.isTTY === true && color ? await chalkPaint() : plainPaint,
  });
  const output = createOutput({
    stdout: process.stdout,
    stderr: process.stderr,
    json: options.json || process.argv.includes("--json"),
    quiet: options.quiet,
    stdoutStyle: await style(process.stdout),
    stderrStyle: await style(process.stderr),
    masker,
  });
  if (action.kind !== "run") {
    return output.fail(
      words,
      action.kind === "refuse" ? action.error : new Error("nothing to run"),
    );
  }
  const signals = watchSignals(output.message, (code) => process.exit(code));
  try {
    const context = createContext({ process, options, output, masker, signal: signals.signal });
    const outcome = await action.command.run(context, action.input);
    output.finish(words, action.command, outcome);
    return outcome.exitCode ?? exitCodes.done;
  } catch (error) {
    return output.fail(words, interruption(error, signals.received()) ?? error);
  }
}

/** What a signal broke off is no bug, whatever the library it hit calls it. */
function interruption(error: unknown, name: "SIGINT" | "SIGTERM" | null): StudioError | null {
  const aborted = error instanceof Error && ["AbortError", "ExitPromptError"].includes(error.name);
  if (error instanceof StudioError || (name === null && !aborted)) return null;
  const exitCode = name === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
  return new StudioError({ code: "interrupted", message: "Interrupted.", exitCode, cause: error });
}

/** no-color.org: any non-empty NO_COLOR; a dumb terminal draws nothing. */
function wantsColor(option: boolean): boolean {
  return option && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb";
}

/** `studio … | head` closes stdout early: that is no failure. */
function surviveClosedPipes(): void {
  const leave = (code: string | undefined) => {
    if (code === "EPIPE") process.exit(exitCodes.done);
  };
  process.stdout.on("error", (error: NodeJS.ErrnoException) => leave(error.code));
  process.stderr.on("error", (error: NodeJS.ErrnoException) => leave(error.code));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}

export type { Output };
