import { type RequestListener, createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { ComposeSite } from "../../../../src/deploy/targets/compose/compose-site.ts";
import { askWho } from "../../../../src/deploy/targets/compose/public-address.ts";
import type { ComposeRelease } from "../../../../src/deploy/release.ts";
import { selfSignedCertificate } from "../../../../src/initialise/self-signed-certificate.ts";

/** What the proxy was told, which is believed of applications that do not say who they are. */
const site = { proxyOf: () => ({ configured: () => "told" }) } as unknown as ComposeSite;

const behind = (url: string, secureUrl?: string) =>
  ({
    settings: { domains: ["shop.example.com"] },
    compose: { proxy: { kind: "nginx", service: "nginx", url, secureUrl } },
  }) as unknown as ComposeRelease;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const plain = async (answer: RequestListener) =>
  `http://127.0.0.1:${await listen(createServer(answer))}`;

async function secure(answer: RequestListener): Promise<string> {
  const { certificate: cert, key } = selfSignedCertificate("shop.example.com", new Date());
  return `https://127.0.0.1:${await listen(createSecureServer({ cert, key }, answer))}`;
}

const sendsOn: RequestListener = ({ headers, url }, response) => {
  response.writeHead(301, { location: `https://${headers.host}${url}` }).end();
};

test("whoever only sends plain requests on to TLS has not answered for a release", async () => {
  const url = await plain(sendsOn);
  const serves = await secure((_request, response) =>
    response.setHeader("x-studio-release", "r1").end(),
  );
  expect(await askWho(site, behind(url, serves))).toBe("r1");
  const finds = await secure((_request, response) => response.writeHead(502).end());
  expect(await askWho(site, behind(url, finds))).toBeNull();
  expect(await askWho(site, behind(url, "https://127.0.0.1:1"))).toBeNull();
});

test("an application that does not say who it is, is the one that the proxy was told of", async () => {
  const url = await plain((_request, response) => response.end());
  expect(await askWho(site, behind(url))).toBe("told");
  const elsewhere = await plain((_request, response) =>
    response.writeHead(302, { location: "/sign-in" }).end(),
  );
  expect(await askWho(site, behind(elsewhere, "https://127.0.0.1:1"))).toBe("told");
});
