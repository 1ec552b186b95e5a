import { appendFileSync } from "node:fs";

/** Tells that an instant was reached; names are relative to whoever hands the function on. */
export type Reach = (point: string) => void;

/**
 * Named instants at which the tests make studio die or the disk fail. In ordinary use nothing
 * happens at them.
 */
export interface Faults {
  reach: Reach;
}

const noFaults: Faults = { reach: () => {} };

type Fault = (point: string, count: number) => void;

/**
 * Faults as STUDIO_FAULT asks for them, several joined by ";":
 * `list:FILE` appends the name of each point reached to FILE;
 * `kill:N` ends the process by SIGKILL at the Nth point of all, `kill:POINT` at the first of that
 * name, `kill:POINT@K` at the Kth of that name; `SIGINT:…` and `SIGTERM:…` send that signal there,
 * and `SIGSTOP:…` holds the process there until another sends SIGCONT;
 * `fail:POINT` throws as a full disk does at each point of that name.
 */
export function faultsFrom(text: string | undefined): Faults {
  if (text === undefined || text === "") return noFaults;
  const faults = text.split(";").map(faultFrom);
  let count = 0;
  return {
    reach(point) {
      count += 1;
      for (const fault of faults) fault(point, count);
    },
  };
}

function faultFrom(text: string): Fault {
  const colon = text.indexOf(":");
  const [action, argument] = [text.slice(0, colon), text.slice(colon + 1)];
  switch (action) {
    case "list":
      return (point) => appendFileSync(argument, `${point}\n`);
    case "fail":
      return (point) => {
        if (point === argument) throw diskFull(point);
      };
    case "kill":
      return signalAt(argument, "SIGKILL");
    case "SIGINT":
    case "SIGTERM":
    case "SIGSTOP":
      return signalAt(argument, action);
    default:
      throw new Error(`STUDIO_FAULT knows no "${action}"`);
  }
}

function signalAt(place: string, signal: NodeJS.Signals): Fault {
  if (/^\d+$/.test(place)) {
    return (_point, count) => {
      if (count === Number(place)) process.kill(process.pid, signal);
    };
  }
  const [, name = place, nth = "1"] = /^(.*)@(\d+)$/.exec(place) ?? [];
  let met = 0;
  return (point) => {
    if (point !== name) return;
    met += 1;
    if (met === Number(nth)) process.kill(process.pid, signal);
  };
}

function diskFull(point: string): Error {
  return Object.assign(new Error(`no space left on device (at ${point})`), { code: "ENOSPC" });
}
