import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { drainPause } from "./drain-pause.ts";
import type { DrainPatience } from "./proxy.ts";

/** The connections that containers have open to addresses now; none of a container that does not tell. */
export async function openConnections(
  docker: Docker,
  containers: readonly Container[],
  addresses: readonly string[],
): Promise<string[]> {
  const open: string[] = [];
  for (const container of containers) {
    open.push(...((await readConnections(docker, [container], addresses)) ?? []));
  }
  return open;
}

/**
 * The same, as `<container> <local> <remote>`; null where one of the containers does not tell. State
 * 01 of /proc/net/tcp (proc(5)) is ESTABLISHED.
 */
export async function readConnections(
  docker: Docker,
  containers: readonly Container[],
  addresses: readonly string[],
): Promise<string[] | null> {
  const wanted = new Set(addresses.map(hexadecimal));
  const open: string[] = [];
  for (const { id } of containers) {
    const { exitCode, stdout } = await docker.attempt(["exec", id, "cat", "/proc/net/tcp"]);
    if (exitCode !== 0) return null;
    for (const line of stdout.split("\n")) {
      const [, local = "", remote = "", state] = line.trim().split(/\s+/);
      if (state === "01" && wanted.has(remote.split(":")[0] ?? "")) {
        open.push(`${id} ${local} ${remote}`);
      }
    }
  }
  return open;
}

/**
 * Waits until the connections that are open when it is called have ended.
 * @param patience milliseconds
 * @returns how many were still open then
 */
export async function awaitConnections(
  docker: Docker,
  { containers, from, patience, signal }: DrainPatience,
): Promise<number> {
  const deadline = Date.now() + patience;
  const pause = drainPause();
  let left = await openConnections(docker, containers, from);
  while (left.length > 0 && Date.now() < deadline && signal?.aborted !== true) {
    await pause();
    const open = new Set(await openConnections(docker, containers, from));
    left = left.filter((one) => open.has(one));
  }
  return left.length;
}

/** An IPv4 address as the kernel prints it: the bytes of the number as a little-endian machine has them. */
function hexadecimal(address: string): string {
  return address
    .split(".")
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
