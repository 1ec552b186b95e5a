import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority, type CertificateOptions } from "../../support/certificates.ts";
import { findProgram } from "../../support/programs.ts";
import { binary, collect } from "../../support/studio.ts";

const openssl = findProgram("openssl", "load over TLS");

interface Answer {
  exitCode: number | null;
  requests: { scheduled: number; ok: number; failed: number };
  errors: Record<string, number>;
}

describe.skipIf(openssl === null)("a target behind TLS", () => {
  let folder: string;
  let authority: Authority;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "studio-certificates-"));
    authority = new Authority(openssl ?? "", folder);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Puts a server with this certificate under load; the authority is trusted, or not. */
  async function load(
    options: CertificateOptions,
    words: string[],
    trusts = true,
  ): Promise<Answer> {
    const server = createServer(authority.issue(options), (_, response) => response.end("ok"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [binary, "bench", "quick", url, ...words, "--json"], {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        ...(trusts ? { NODE_EXTRA_CA_CERTS: authority.file } : {}),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { exitCode, stdout } = await collect(child);
    server.closeAllConnections();
    server.close();
    const { result } = JSON.parse(stdout) as { result: { summary: Omit<Answer, "exitCode"> } };
    return { exitCode, requests: result.summary.requests, errors: result.summary.errors };
  }

  /** Every request went well; 9: the machine was too busy for figures, and that is said. */
  const measured = [0, 9];

  const models: [string, string[]][] = [
    ["users", ["--users", "2", "--requests", "10"]],
    ["a rate", ["--rate", "40", "--duration", "500ms"]],
  ];

  test.each(models)("answers %s where its certificate is trusted", async (_, words) => {
    const answered = await load({}, words);
    expect(answered).toMatchObject({ errors: {}, requests: { ok: 20 } });
    expect(measured).toContain(answered.exitCode);
  });

  describe.each(models)("and %s", (_, words) => {
    test.each<[string, CertificateOptions, boolean, string]>([
      [
        "has expired",
        { from: "20200101000000Z", until: "20200201000000Z" },
        true,
        "CERT_HAS_EXPIRED",
      ],
      ["is for another host", { for: "DNS:elsewhere.test" }, true, "ERR_TLS_CERT_ALTNAME_INVALID"],
      ["nobody vouches for", {}, false, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ])(
      "a certificate that %s fails each request by its name",
      async (_case, options, trusts, code) => {
        const refused = await load(options, words, trusts);
        expect(refused.requests.ok).toBe(0);
        expect(refused.requests.failed).toBe(refused.requests.scheduled);
        expect(Object.keys(refused.errors)).toContain(`certificate not trusted (${code})`);
        expect(refused.exitCode).not.toBe(0);
        const taken = await load(options, [...words, "--insecure"], trusts);
        expect(taken).toMatchObject({ errors: {}, requests: { ok: 20 } });
        expect(measured).toContain(taken.exitCode);
      },
    );
  });
});
