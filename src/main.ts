import { registry } from "../commands/registry.ts";
import { packageVersion } from "./package-root.ts";

/**
 * argv in, exit code out. The only place that ends the process. What is asked at every key press
 * or prompt is answered before anything else is loaded.
 */
export async function main(argv: readonly string[]): Promise<void> {
  leaveWhenClosed(process.stdout);
  if (argv[0] === "__complete") {
    const { complete } = await import("./cli/complete.ts");
    const words = await complete(registry, argv.slice(1), { cwd: process.cwd(), env: process.env });
    process.stdout.write(words.map((word) => `${word}\n`).join(""));
    return;
  }
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${packageVersion()}\n`);
    return;
  }
  if (argv[0] === "__run") {
    // Its standard error may be the other end of a connection that broke.
    leaveWhenClosed(process.stderr);
    const { runOrder } = await import("./cli/run-order.ts");
    const end = (code: number) => process.exit(code);
    process.exit(await runOrder({ process, registry, argv: argv.slice(1), end }));
  }
  const { parseArguments } = await import("./cli/program.ts");
  const parsed = await parseArguments(registry, argv, packageVersion());
  if (parsed.action.kind === "print") {
    process.stdout.write(parsed.action.text);
    return;
  }
  leaveWhenClosed(process.stderr);
  const { runParsed } = await import("./cli/run.ts");
  const end = (code: number) => process.exit(code);
  const exitCode = await runParsed({ process, parsed, argv, end });
  process.exitCode = exitCode;
  // Handles that libraries leave open (sockets of a pool, a poll) must not keep a result waiting.
  await drained(process.stdout);
  await drained(process.stderr);
  process.exit(exitCode);
}

/** `studio … | head` closes stdout early: that is no failure. */
function leaveWhenClosed(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
