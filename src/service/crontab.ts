import { StudioError, exitCodes } from "../errors.ts";
import { type CommandResult, runCommand } from "../shell/exec.ts";

type Environment = Record<string, string | undefined>;

/**
 * A text as crontabs are handed on here: each character is one byte, so that whatever stands in
 * one, in whatever encoding, is written back as it was.
 */
export const byteText = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

const characterText = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

/** The user's crontab; empty when there is none, null when there is no cron here. */
export async function readCrontab(env: Environment): Promise<string | null> {
  const result = await runCommand("crontab", ["-l"], {
    env: { ...env, LC_ALL: "C" },
    encoding: "latin1",
  });
  if (result.exitCode === 127) return null;
  if (result.exitCode === 0) return result.stdout;
  // Cronie and Vixie cron say the first, BusyBox the second; any other failure is one.
  if (/no crontab for|can't open .*no such file/i.test(result.stderr)) return "";
  throw failure("read", result);
}

/**
 * Puts `after` in the place of `before` and reads it back.
 * @throws StudioError exit 5 when the crontab is as before, 6 when it is not
 */
export async function writeCrontab(env: Environment, before: string, after: string): Promise<void> {
  const result = await install(env, after);
  const found = await readCrontab(env);
  if (result.exitCode === 0 && found === after) return;
  if (found === before) throw failure("written", result);
  await install(env, before);
  if ((await readCrontab(env)) === before) throw failure("written", result);
  throw new StudioError({
    code: "service.crontab-not-undone",
    message: "The crontab reads back neither as it was written nor as it was before.",
    hint: "Look at it with crontab -l, and mend it with crontab -e.",
    exitCode: exitCodes.notUndone,
  });
}

function install(env: Environment, text: string): Promise<CommandResult> {
  return runCommand("crontab", ["-"], {
    env: { ...env, LC_ALL: "C" },
    input: Buffer.from(text, "latin1"),
    encoding: "latin1",
  });
}

function failure(verb: "read" | "written", result: CommandResult): StudioError {
  const said = characterText(result.stderr).trim();
  const why = said === "" ? "It read back as it was before" : said;
  return new StudioError({
    code: verb === "read" ? "service.crontab-unreadable" : "service.crontab-refused",
    message: `The crontab could not be ${verb}: ${why.replace(/\.$/, "")}. It is as before.`,
    hint: "Ask whoever runs this machine whether you may use cron, or give --target systemd.",
    exitCode: verb === "read" ? exitCodes.unavailable : exitCodes.undone,
  });
}
