import type { AuditPoint } from "../../../target.ts";
import type { ServiceDefinition, StackConfig } from "../stack-config.ts";
import { each, pointOf } from "./point.ts";

/** Capabilities with which a container is as good as root on the machine. */
const strong = new Set(
  "ALL SYS_ADMIN SYS_MODULE SYS_PTRACE SYS_RAWIO DAC_READ_SEARCH NET_ADMIN BPF".split(" "),
);

/** What a container may do to the machine that runs it. */
export function privileges(
  { services }: StackConfig,
  imageUsers: ReadonlyMap<string, string>,
): AuditPoint[] {
  return [
    pointOf(
      {
        title: "No container is privileged",
        good: "none is",
        state: "wrong",
        fix: "Remove privileged, cap_add, pid, ipc and unconfined from these services.",
      },
      each(services, powers),
    ),
    pointOf(
      {
        title: "Docker's socket is mounted nowhere",
        good: "it is not",
        state: "wrong",
        fix: "Remove the mount: whoever reaches the socket is root here, read-only or not.",
      },
      each(services, sockets),
    ),
    pointOf(
      {
        title: "No container runs as root",
        good: "none does, as far as images here tell",
        state: "note",
        fix: 'Set `user: "1000:1000"`, or a USER in the image.',
      },
      each(services, (one, name) => (runsAsRoot(one, imageUsers.get(name)) ? ["does"] : [])),
    ),
  ];
}

function powers({ privileged, cap_add, pid, ipc, security_opt }: ServiceDefinition): string[] {
  return [
    ...(privileged === true ? ["is privileged"] : []),
    ...(cap_add ?? [])
      .filter((one) => strong.has(one.toUpperCase().replace(/^CAP_/, "")))
      .map((one) => `has the capability ${one}`),
    ...(pid === "host" ? ["sees the machine's processes"] : []),
    ...(ipc === "host" ? ["shares the machine's memory segments"] : []),
    ...(security_opt ?? [])
      .filter((one) => /^(seccomp|apparmor)[:=]unconfined$/.test(one))
      .map((one) => `runs with ${one}`),
  ];
}

function sockets({ volumes = [] }: ServiceDefinition): string[] {
  return volumes.some(({ source = "" }) => /(^|\/)docker\.sock$/.test(source)) ? ["mounts it"] : [];
}

/** @param imageUser the user of its image; undefined where the image is not here */
function runsAsRoot({ user }: ServiceDefinition, imageUser: string | undefined): boolean {
  const told = user === undefined || user === "" ? imageUser : user;
  return told !== undefined && /^(root|0)?(:|$)/.test(told);
}
