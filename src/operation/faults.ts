import { appendFileSync } from "node:fs";

/**
 * Named instants at which the tests make studio die or the disk fail. In ordinary use nothing
 * happens at them.
 */
export interface Faults {
  reach(point: string): void;
}

const noFaults: Faults = { reach: () => {} };

/**
 * Faults as STUDIO_FAULT asks for them: `list:FILE` appends the name of each point reached to
 * FILE, `kill:N` ends the process by SIGKILL at the Nth point, `fail:NAME` throws as a full disk
 * does at the point of that name.
 */
export function faultsFrom(text: string | undefined): Faults {
  if (text === undefined || text === "") return noFaults;
  const [action, argument] = split(text);
  let count = 0;
  return {
    reach(point) {
      count += 1;
      if (action === "list") appendFileSync(argument, `${point}\n`);
      if (action === "kill" && count === Number(argument)) process.kill(process.pid, "SIGKILL");
      if (action === "fail" && point === argument) throw diskFull(point);
    },
  };
}

function split(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}

function diskFull(point: string): Error {
  return Object.assign(new Error(`no space left on device (at ${point})`), { code: "ENOSPC" });
}
