import { StudioError, exitCodes } from "../../errors.ts";
import type { SshHost } from "./connection.ts";

interface Known {
  pattern: RegExp;
  code: string;
  what: string;
  hint(name: string): string;
}

/** What OpenSSH prints (clientloop.c, sshconnect.c, misc.c), and what mends it. */
const known: readonly Known[] = [
  {
    pattern: /IDENTIFICATION HAS CHANGED/,
    code: "remote.hostKeyChanged",
    what: "shows another key than it did before. Somebody may be listening in",
    hint: (name) =>
      `Ask whoever runs the host whether its key was replaced; only then: ssh-keygen -R ${name.replace(/^.*@/, "")}`,
  },
  {
    pattern: /Host key verification failed|No \w+ host key is known/,
    code: "remote.hostKeyUnknown",
    what: "is not known yet: its key is not in known_hosts",
    hint: (name) =>
      `Connect once by hand and compare the key's fingerprint: ssh ${name} true. In CI, put the key into ~/.ssh/known_hosts beforehand.`,
  },
  {
    pattern: /Permission denied|Too many authentication failures/,
    code: "remote.permissionDenied",
    what: "does not let us in: no key that is offered is accepted",
    hint: (name) => `See that this works without a question: ssh -o BatchMode=yes ${name} true`,
  },
  {
    pattern: /Could not resolve hostname/,
    code: "remote.hostNotFound",
    what: "has a name that leads nowhere",
    hint: () => "Check `ssh:` of the environment in studio.yaml, and ~/.ssh/config.",
  },
];

/** Why ssh ended with 255, which is its own failure and none of the command's. */
export function explainFailure({ host, port }: SshHost, complaints: string): StudioError {
  const name = port === null ? host : `-p ${port} ${host}`;
  const last = complaints.trim().split(/\r?\n/).slice(-3);
  const found = known.find(({ pattern }) => pattern.test(complaints));
  return new StudioError({
    code: found?.code ?? "remote.unreachable",
    message:
      found === undefined
        ? `The host ${host} cannot be reached: ${last.at(-1) ?? "ssh says nothing"}`
        : `The host ${host} ${found.what}. Nothing was changed.`,
    hint: found?.hint(name) ?? `Try it by hand: ssh ${name} true`,
    exitCode: exitCodes.unavailable,
    details: { host, log: last },
  });
}
