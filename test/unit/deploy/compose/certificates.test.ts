import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, createServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { certificatePoints } from "../../../../src/deploy/targets/compose/audit/certificates.ts";
import { certificatesOf } from "../../../../src/deploy/targets/compose/certificates/stack-certificates.ts";
import type { ServiceDefinition } from "../../../../src/deploy/targets/compose/stack-config.ts";
import { selfSignedCertificate } from "../../../../src/initialise/self-signed-certificate.ts";

const now = new Date("2026-11-22T12:00:00Z");
const domain = "studio.example.com";
const day = 86_400_000;

/** One for 90 days, of which some are left. */
const withDaysLeft = (days: number, name = domain) =>
  selfSignedCertificate(name, new Date(now.getTime() + (days - 89) * day), 90);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-certificates-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const mounted = (): ServiceDefinition => ({
  volumes: [{ type: "bind", source: folder, target: "/etc/nginx/certificates" }],
});

/** A server that shows a certificate, behind the service's port for TLS. */
async function serve({ certificate, key }: { certificate: string; key: string }) {
  const server: Server = createServer({ cert: certificate, key }, (socket) => socket.end());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { ...mounted(), ports: [{ target: 443, published: String(port), host_ip: "127.0.0.1" }] };
}

const look = (front: ServiceDefinition, domains = [domain]) => certificatesOf(front, domains, now);

describe("the files of a service in front", () => {
  test.each([
    [80, null, false],
    [20, "expires in 20 days", false],
    [6, "expires in 6 days", true],
    [0.5, "expires within a day", true],
    [-3, "expired on 2026-11-19", true],
  ])("with %d days left of 90 are told of in time", async (days, problem, urgent) => {
    put("live/fullchain.pem", withDaysLeft(days).certificate);
    expect(await look(mounted())).toMatchObject([
      { place: join(folder, "live/fullchain.pem"), met: false, names: [domain], problem, urgent },
    ]);
  });

  test("end with what signed them, and those that are kept of former times are not looked at", async () => {
    put("archive/fullchain1.pem", withDaysLeft(-40).certificate);
    const chain = [withDaysLeft(60), withDaysLeft(2, "An authority")];
    put("live/fullchain.pem", chain.map(({ certificate }) => certificate).join(""));
    put("live/privkey.pem", withDaysLeft(60).key);
    put("live/notes.pem", "no certificate");
    put("live/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const found = await look(mounted());
    expect(found.map(({ problem }) => problem)).toEqual(["expires in 2 days"]);
  });
});

describe("the port for TLS of a service in front", () => {
  test("shows how long the public is met, and for which name", async () => {
    const front = await serve(withDaysLeft(60));
    const [met] = await look(front);
    expect(met).toMatchObject({ met: true, names: [domain], selfSigned: true, problem: null });
    const [other] = await look(front, ["shop.example.com"]);
    expect(other).toMatchObject({ problem: "is for other names", urgent: true });
  });

  test("shows one that expired, although the file has a new one", async () => {
    const front = await serve(withDaysLeft(-1));
    put("fullchain.pem", withDaysLeft(80).certificate);
    const found = await look(front);
    expect(found).toMatchObject([
      { met: true, problem: "expired on 2026-11-21", expired: true },
      { met: false, problem: null },
    ]);
    expect(certificatePoints(found)[0]).toMatchObject({
      state: "wrong",
      fix: expect.stringContaining("A newer one lies in the file"),
    });
  });

  test("makes an old file of the same name nothing to mend", async () => {
    const front = await serve(withDaysLeft(80));
    put("former.pem", withDaysLeft(-30).certificate);
    const found = await look(front);
    expect(found.map(({ problem }) => problem)).toEqual([null, null]);
    const [holds, authority] = certificatePoints(found);
    expect(holds).toMatchObject({ state: "ok", found: "the first ends on 2027-02-10" });
    expect(authority).toMatchObject({ state: "note" });
  });

  test("that shows none is told of", async () => {
    const ports = [{ target: 443, published: "1", host_ip: "127.0.0.1" }];
    expect(await look({ ports })).toMatchObject([{ problem: "shows no certificate" }]);
    expect(await look({ ports: [{ target: 80, published: "1" }] })).toEqual([]);
  });
});
