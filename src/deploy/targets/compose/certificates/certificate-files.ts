import { X509Certificate } from "node:crypto";
import { type Stats, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../../../errors.ts";
import type { ServiceDefinition } from "../stack-config.ts";

/** A file of certificates; none where this user may not read it. */
export interface CertificateFile {
  path: string;
  certificates: X509Certificate[];
}

const fileForm = /\.(pem|crt|cer|cert)$/;

/** No folder of certificates is deeper, or holds more; more in one file are those of authorities. */
const deepest = 4;
const mostFiles = 200;
const mostInFile = 10;
const longest = 256 * 1024;

/** The certificates that a service has from this machine's disk. */
export function certificateFiles({ volumes = [] }: ServiceDefinition): CertificateFile[] {
  const paths = volumes.flatMap(({ type, source }) =>
    type === "bind" && source !== undefined ? pathsBelow(source, deepest) : [],
  );
  return [...new Set(paths)].slice(0, mostFiles).flatMap((path) => {
    const certificates = readCertificates(path);
    return certificates === null ? [] : [{ path, certificates }];
  });
}

function pathsBelow(path: string, depth: number): string[] {
  const found = lookAt(path);
  if (found === null) return [];
  if (!found.isDirectory()) return found.isFile() && fileForm.test(path) ? [path] : [];
  if (depth === 0) return [];
  const names = namesIn(path);
  // What certbot keeps of former certificates; `live` has those that are used.
  const wanted = names.filter((name) => name !== "archive" || !names.includes("live"));
  return wanted.flatMap((name) => pathsBelow(join(path, name), depth - 1));
}

function lookAt(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

/** Null for what holds no certificate of a server. */
function readCertificates(path: string): X509Certificate[] | null {
  try {
    if (statSync(path).size > longest) return null;
    const blocks = readFileSync(path, "utf8").match(certificateForm) ?? [];
    if (blocks.length === 0 || blocks.length > mostInFile) return null;
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    return systemCode(error) === "EACCES" ? [] : null;
  }
}

const certificateForm = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
