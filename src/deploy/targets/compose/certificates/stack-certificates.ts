import type { X509Certificate } from "node:crypto";
import type { CertificateState } from "../../../target.ts";
import { isSecurePort } from "../stack-address.ts";
import type { ServiceDefinition } from "../stack-config.ts";
import { answeringCertificate } from "./answering-certificate.ts";
import { certificateFiles } from "./certificate-files.ts";

const day = 86_400_000;

/** Names that are asked for, at most. */
const mostNames = 20;

/**
 * What the service in front of a stack has of certificates: those of its files, and those that the
 * public meets on its ports for TLS.
 */
export async function certificatesOf(
  front: ServiceDefinition,
  domains: readonly string[],
  now: Date,
): Promise<CertificateState[]> {
  const met = await metCertificates(front, domains, now);
  const files = certificateFiles(front).map(({ path, certificates }) =>
    stateOf({ place: path, met: false, certificates, name: null }, now),
  );
  // A file that nobody is shown may be as old as it likes.
  const isShown = (one: CertificateState) =>
    met.some(({ problem, names }) => problem === null && names.some((n) => one.names.includes(n)));
  return [...met, ...files.map((one) => (isShown(one) ? { ...one, problem: null } : one))];
}

async function metCertificates(
  { ports = [] }: ServiceDefinition,
  domains: readonly string[],
  now: Date,
): Promise<CertificateState[]> {
  const names = domains.slice(0, mostNames).map((domain) => domain.replace(/^\*\./, "www."));
  const found: CertificateState[] = [];
  for (const mapping of ports) {
    const { published = "", host_ip: ip } = mapping;
    if (!isSecurePort(mapping) || !/^\d+$/.test(published)) continue;
    const any = ip === undefined || ip === "0.0.0.0" || ip === "::";
    const address = { host: any ? "127.0.0.1" : ip, port: Number(published) };
    for (const name of names.length === 0 ? [null] : names) {
      const shown = await answeringCertificate(address, name);
      const place = `${address.host}:${published}${name === null ? "" : ` for ${name}`}`;
      found.push(
        stateOf({ place, met: true, certificates: shown === null ? [] : [shown], name }, now),
      );
    }
  }
  return found;
}

interface Sight {
  place: string;
  met: boolean;
  certificates: readonly X509Certificate[];
  /** What was asked for. */
  name: string | null;
}

function stateOf({ place, met, certificates, name }: Sight, now: Date): CertificateState {
  const [first] = certificates;
  if (first === undefined) {
    const problem = met ? "shows no certificate" : "cannot be read by this user";
    const nothing = { names: [], until: null, selfSigned: false, expired: false, urgent: met };
    return { place, met, ...nothing, problem };
  }
  // What signs it ends its use as well.
  const until = new Date(Math.min(...certificates.map(({ validTo }) => Date.parse(validTo))));
  const from = new Date(first.validFrom);
  const left = until.getTime() - now.getTime();
  const fits = name === null || first.checkHost(name) !== undefined;
  const standing = standingOf({ from, until, now });
  return {
    place,
    met,
    names: namesOf(first),
    until: until.toISOString(),
    selfSigned: first.checkIssued(first),
    expired: left <= 0,
    urgent: standing?.urgent ?? !fits,
    problem: standing?.problem ?? (fits ? null : "is for other names"),
  };
}

interface Span {
  from: Date;
  until: Date;
  now: Date;
}

/**
 * What is renewed by itself is when a third of its time is left: it is late with a quarter, or three
 * weeks, and urgent with a third of that.
 */
function standingOf({ from, until, now }: Span): { problem: string; urgent: boolean } | null {
  const left = until.getTime() - now.getTime();
  if (left <= 0) return { problem: `expired on ${dateOf(until)}`, urgent: true };
  if (from > now) return { problem: `holds from ${dateOf(from)} on only`, urgent: true };
  const late = Math.min(21 * day, (until.getTime() - from.getTime()) / 4);
  if (left >= late) return null;
  const days = Math.floor(left / day);
  const rest = days === 0 ? "within a day" : `in ${days} day${days === 1 ? "" : "s"}`;
  return { problem: `expires ${rest}`, urgent: left < late / 3 };
}

const dateOf = (date: Date): string => date.toISOString().slice(0, 10);

function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const names = [...(subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)];
  if (names.length > 0) return names.map(([, name = ""]) => name);
  const common = /CN=([^\n]+)/.exec(subject ?? "")?.[1];
  return common === undefined ? [] : [common];
}
