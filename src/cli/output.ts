import { type ExitCode, StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import type { Command, Outcome } from "./command.ts";
import type { Masker } from "./mask.ts";
import { type Style, renderBlocks } from "./render.ts";

export interface OutputStreams {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

export interface OutputSettings extends OutputStreams {
  json: boolean;
  quiet: boolean;
  stdoutStyle: Style;
  stderrStyle: Style;
  masker: Masker;
}

/** The only writer of stdout and stderr, besides the progress display and the prompts. */
export interface Output {
  /** A word to the operator on stderr; silent with --quiet. */
  message: (text: string) => void;
  /** A warning on stderr, also listed in the JSON document. */
  warn(text: string): void;
  /** One line of a command that runs on. */
  line(text: string): void;
  /** The end of a command: its result, as the command and --json want it. */
  finish(words: readonly string[], command: Command, outcome: Outcome): void;
  /** The end of a command that failed. */
  fail(words: readonly string[], error: unknown): ExitCode;
}

export function createOutput(settings: OutputSettings): Output {
  const { json, quiet, masker } = settings;
  const warnings: string[] = [];
  const out = (text: string) => settings.stdout.write(masker.mask(text));
  const err = (text: string) => settings.stderr.write(masker.mask(text));
  const document = (words: readonly string[], fields: object) =>
    out(`${JSON.stringify({ schema: schemaName(words), ...fields }, null, 2)}\n`);
  return {
    message(text) {
      if (!quiet) err(`${text}\n`);
    },
    warn(text) {
      warnings.push(text);
      err(`${settings.stderrStyle.paint("warning:", "warning")} ${text}\n`);
    },
    line: (text) => void out(`${text}\n`),
    finish(words, command, outcome) {
      const exitCode = outcome.exitCode ?? exitCodes.done;
      if (command.output === "lines" || outcome.silent === true) return;
      if (command.output === "text") {
        out(String(outcome.result));
        return;
      }
      const error = outcome.error === undefined ? null : describeError(outcome.error);
      if (json) {
        document(words, { ok: exitCode === 0, exitCode, result: outcome.result, warnings, error });
        return;
      }
      const blocks = command.human?.(outcome.result) ?? [];
      out(renderBlocks(blocks, settings.stdoutStyle));
      if (outcome.error !== undefined) err(errorText(outcome.error, settings.stderrStyle));
    },
    fail(words, thrown) {
      const error = failureOf(thrown);
      const { exitCode } = error;
      if (json) {
        document(words, {
          ok: false,
          exitCode,
          result: null,
          warnings,
          error: describeError(error),
        });
      }
      err(errorText(error, settings.stderrStyle));
      return exitCode;
    },
  };
}

function schemaName(words: readonly string[]): string {
  return `studio${words.map((word) => `.${word}`).join("")}/v1`;
}

function describeError(error: StudioError) {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
    details: error.details ?? null,
  };
}

function errorText(error: StudioError, style: Style): string {
  const lines = [`${style.paint("error:", "bad")} ${error.message}`];
  for (const line of logLines(error)) lines.push(style.paint(`  | ${line}`, "dim"));
  if (error.hint !== undefined) lines.push(`${style.paint("next:", "bold")} ${error.hint}`);
  return `${lines.join("\n")}\n`;
}

/** The last lines of what failed, where the error carries them. */
function logLines(error: StudioError): string[] {
  const { details } = error;
  if (typeof details !== "object" || details === null || !("log" in details)) return [];
  return Array.isArray(details.log) ? details.log.map(String) : [];
}

/** What is told of whatever was thrown. */
export function failureOf(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown;
  if (systemCode(thrown) !== "ERR_MODULE_NOT_FOUND") return bugReport(thrown);
  return new StudioError({
    code: "installation.incomplete",
    message: `A part of studio is not installed: ${reasonOf(thrown)}`,
    hint: "Install it again: `npm ci` in a clone, else `npm install --global @selfhosted-ai/studio`.",
    exitCode: exitCodes.unavailable,
    cause: thrown,
  });
}

function bugReport(thrown: unknown): StudioError {
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new StudioError({
    code: "bug",
    message: `studio met an error it does not know: ${reasonOf(thrown)}`,
    hint: "This is a bug. Please report it with the lines above and the command you typed.",
    exitCode: exitCodes.bug,
    details: { log: stack.split("\n").slice(0, 12) },
    cause: thrown,
  });
}
