import { createServer } from "node:net";
import { StudioError } from "../../../errors.ts";
import type { Address } from "../../release.ts";
import type { Refusal } from "../../target.ts";
import { listenError } from "./launch-supervisor.ts";

/** Opens and closes the address once; the reason it cannot be had, or null. */
export async function portRefusal(address: Address): Promise<Refusal | null> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...address, exclusive: true }, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    return null;
  } catch (error) {
    const explained = error instanceof Error ? listenError(error, address) : error;
    if (!(explained instanceof StudioError)) throw explained;
    const { code, message, hint } = explained;
    return { code, message, hint: hint ?? "", exitCode: 8 };
  }
}
