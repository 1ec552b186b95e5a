import type { ComposeRelease } from "../../release.ts";
import { labels } from "./colours.ts";
import { publicUrlOf } from "./compose-release.ts";
import type { ComposeSite } from "./compose-site.ts";
import { listContainers } from "./containers.ts";
import type { Docker } from "./docker.ts";

const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

/** Milliseconds. */
const patience = 2000;

/**
 * The release that answers through the proxy: as the answer's header tells; where the application
 * sends none, as the proxy was told. Null where nobody answers, or the proxy finds nobody.
 */
export async function askWho(site: ComposeSite, release: ComposeRelease): Promise<string | null> {
  const url = publicUrlOf(release);
  const proxy = site.proxyOf(release);
  if (url === "") return whoRuns(site.docker, release, proxy.configured());
  const secure = release.compose.proxy?.secureUrl;
  const told = await askRelease({ url, secure }, release.settings.domains[0]);
  return told === undefined ? proxy.configured() : told;
}

interface PublicAddress {
  url: string;
  /** The same by TLS, where there is another. */
  secure: string | undefined;
}

/**
 * Which release answers at an address, as the header of the answer tells; undefined where the
 * application sends none, null where nobody answers, or a proxy finds nobody.
 */
export async function askRelease(
  address: PublicAddress,
  domain: string | undefined,
): Promise<string | null | undefined> {
  const answer = await getPublic(address, domain);
  if (answer === null || answer.status >= 500) return null;
  const told = answer.headers["x-studio-release"];
  return typeof told === "string" ? told : undefined;
}

/** A proxy that only sends plain requests on to its port for TLS has said nothing of a release. */
async function getPublic(
  { url, secure }: PublicAddress,
  host: string | undefined,
): Promise<Answer | null> {
  const answer = await get(url, "/health/live", host);
  const isSentOn = answer !== null && String(answer.headers["location"]).startsWith("https://");
  return secure !== undefined && isSentOn ? get(secure, "/health/live", host) : answer;
}

/** Of a stack that the public does not meet, such as one that works a queue off. */
async function whoRuns(
  docker: Docker,
  { compose }: ComposeRelease,
  wanted: string | null,
): Promise<string | null> {
  const containers = await listContainers(docker, compose.project);
  const runs = containers.some((one) => one.running && one.labels[labels.release] === wanted);
  return runs ? wanted : null;
}

/** Whether a container without a health check answers well on its own address. */
export async function askReady(url: string, path: string): Promise<boolean> {
  const answer = await get(url, path, undefined);
  return answer !== null && answer.status < 400;
}

/** The certificate is that of our own proxy on this machine: who it is, is known. */
function get(url: string, path: string, host: string | undefined): Promise<Answer | null> {
  const secure = url.startsWith("https:");
  const headers = host === undefined ? {} : { host: host.replace(/^\*\./, "") };
  const options = { headers, agent: false as const, signal: AbortSignal.timeout(patience) };
  return new Promise((resolve) => {
    const call = (secure ? https : http).get(
      new URL(path, url),
      secure ? { ...options, rejectUnauthorized: false } : options,
      (response) => {
        response.resume();
        response.on("error", () => resolve(null));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers }),
        );
      },
    );
    call.on("error", () => resolve(null));
  });
}
