import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { StudioError, exitCodes } from "../errors.ts";

/**
 * A load is for machines of one's own: one that goes to another asks for a word of consent.
 *
 * @throws StudioError (exit 2) when the address may be of another machine.
 */
export async function requireOwnMachine(url: string): Promise<void> {
  const hostname = URL.parse(url)?.hostname.replace(/^\[|\]$/g, "");
  // What is no address at all is refused elsewhere, in better words.
  if (hostname === undefined || (await isThisMachine(hostname))) return;
  throw new StudioError({
    code: "bench.remote",
    message: `${hostname} is not known to be this machine, and a load test can bring it down.`,
    hint: "When it is yours to load, say so with --yes-remote.",
    exitCode: exitCodes.usage,
  });
}

/** A name is this machine only when every address of it is; one without an address is not. */
async function isThisMachine(hostname: string): Promise<boolean> {
  const found = await lookup(hostname, { all: true }).catch(() => []);
  const own = ownAddresses();
  return found.length > 0 && found.every(({ address }) => isLoopback(address) || own.has(address));
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}
