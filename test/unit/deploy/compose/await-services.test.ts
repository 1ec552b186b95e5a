import { expect, test } from "vitest";
import { awaitServices } from "../../../../src/deploy/targets/compose/await-services.ts";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";

/** An engine in which a proxy is found like this, one look after the other. */
function waitFor(looks: readonly Partial<Container>[]): Promise<void> {
  const left = [...looks];
  const docker = {
    recall: async () => [{ id: "1", service: "proxy", health: null, ...left.shift() }],
    attempt: async () => ({ stdout: "", stderr: "" }),
  };
  const run = { say: () => {}, signal: new AbortController().signal };
  return awaitServices(docker as unknown as Docker, run, { name: "shop", services: {} }, ["proxy"]);
}

const again = (restarts: number) => ({ status: "restarting", running: false, restarts });

test("a service that was started again often enough in its life may be so once more", async () => {
  await waitFor([again(7), again(8), { status: "running", running: true, restarts: 8 }]);
});

test("one that is started again and again while it is waited for never will run", async () => {
  await expect(waitFor([again(7), again(8), again(9), again(10)])).rejects.toThrow(
    "proxy ends again and again",
  );
});
