import { StudioError, exitCodes } from "../errors.ts";
import type { Order, RunExit } from "./protocol.ts";

/** For a run of which nobody here knows how it ended. */
export function lostRun(host: string, { home, attached }: Order, isBegun: boolean): StudioError {
  const goesOn = isBegun && !attached;
  return new StudioError({
    code: "remote.connectionLost",
    message: goesOn
      ? `The connection to ${host} is lost. What was begun goes on there, or undoes itself.`
      : `The connection to ${host} is lost, and what ran there ends with it.`,
    hint: goesOn
      ? `See how it stands: studio history --env ${home.environment}`
      : "Type the same again.",
    exitCode: exitCodes.unavailable,
  });
}

/** For a run that ended without telling how. */
export function crashed(
  host: string,
  { home, attached, words }: Order,
  { exitCode, signal, log }: RunExit,
  isInterrupted: boolean,
): StudioError {
  const hint = attached
    ? "Type the same again."
    : `See how it stands: studio history --env ${home.environment}. \`studio resume\` or \`studio abort\` end an operation that is unfinished.`;
  if (isInterrupted && exitCode === exitCodes.interrupted) {
    const message = `The ${words.join(" ")} on ${host} was stopped at once.`;
    return new StudioError({ code: "interrupted", message, hint, exitCode: exitCodes.interrupted });
  }
  const how = signal === null ? "ended without a word" : `was ended by ${signal}`;
  return new StudioError({
    code: "remote.died",
    message: `The ${words.join(" ")} on ${host} ${how}.`,
    hint,
    exitCode: attached ? exitCodes.unavailable : exitCodes.notUndone,
    details: { log },
  });
}

export function failedLaunch(host: string, complaints: string): StudioError {
  return new StudioError({
    code: "remote.notStarted",
    message: `studio could not be started on ${host}.`,
    hint: "Type the same again; where that does not help, remove ~/.studio/versions on the host.",
    exitCode: exitCodes.unavailable,
    details: { log: complaints.trim().split("\n").slice(-12) },
  });
}
