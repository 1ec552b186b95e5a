import { expect, test } from "vitest";
import type { ComposeRelease } from "../../../../src/deploy/release.ts";
import type { ComposeSite } from "../../../../src/deploy/targets/compose/compose-site.ts";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";
import { openStreams } from "../../../../src/deploy/targets/compose/open-streams.ts";

/** As /proc/net/tcp has them: two that are open to 10.0.0.2, one to 10.0.0.3, one that ended. */
const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0500000A:8001 0200000A:1F40 01 00000000:00000000
   1: 0500000A:8002 0200000A:1F40 01 00000000:00000000
   2: 0500000A:8003 0300000A:1F40 01 00000000:00000000
   3: 0500000A:8004 0200000A:1F40 06 00000000:00000000
`;

const container = (service: string, address: string, labels: Record<string, string> = {}) =>
  ({ id: service, service, labels, running: true, addresses: [address] }) as unknown as Container;

const own = (service: string, address: string) =>
  container(`${service}-blue`, address, { "studio.service": service, "studio.release": "r1" });

const release = {
  id: "r1",
  compose: {
    project: "shop",
    proxy: { kind: "nginx", service: "nginx", url: "http://127.0.0.1" },
    services: [
      { name: "api", role: "switched", port: 8000, drain: 60_000, replicas: 1 },
      { name: "web", role: "switched", port: 8000, drain: 5000, replicas: 1 },
      { name: "nginx", role: "proxy", port: null, drain: 90_000, replicas: 1 },
    ],
  },
} as unknown as ComposeRelease;

function siteWith(containers: Container[], exitCode = 0): ComposeSite {
  const docker: Pick<Docker, "attempt" | "recall"> = {
    attempt: async () => ({ exitCode, stdout: table, stderr: "", signal: null }),
    recall: async () => containers as never,
  };
  return { docker: docker as Docker } as unknown as ComposeSite;
}

const all = [container("nginx", "10.0.0.5"), own("api", "10.0.0.2"), own("web", "10.0.0.3")];

test("a plan counts what the proxy has open to each service, and has the longest drain time", async () => {
  expect(await openStreams(siteWith(all), release)).toEqual({
    patience: 60_000,
    services: [
      { name: "api", open: 2 },
      { name: "web", open: 1 },
    ],
  });
});

test.each([
  ["no proxy runs", siteWith(all.slice(1)), release],
  ["nothing of the release runs", siteWith(all.slice(0, 1)), release],
  ["the proxy does not tell", siteWith(all, 126), release],
  [
    "there is no proxy",
    siteWith(all),
    { ...release, compose: { ...release.compose, proxy: null } },
  ],
])("a plan says nothing of streams where %s", async (_why, site, one) => {
  expect(await openStreams(site, one)).toBeNull();
});
