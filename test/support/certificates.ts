import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  key: string;
  cert: string;
}

export interface CertificateOptions {
  /** What it is for, as openssl writes it: `IP:127.0.0.1`, `DNS:elsewhere.test`. */
  for?: string;
  /** `YYYYMMDDHHMMSSZ`; default: for a day from now. */
  from?: string;
  until?: string;
}

/** A certificate authority of a test's own, whose certificates expire when the test says. */
export class Authority {
  /** The file whose certificate is to be trusted. */
  readonly file: string;
  readonly #openssl: string;
  readonly #folder: string;
  #count = 0;

  constructor(openssl: string, folder: string) {
    this.#openssl = openssl;
    this.#folder = folder;
    this.file = join(folder, "authority.pem");
    mkdirSync(join(folder, "issued"), { recursive: true });
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(join(folder, "serial"), "1000");
    const rules = `[ca]\ndefault_ca = own\n[own]\ndatabase = ${folder}/index.txt\nserial = ${folder}/serial
new_certs_dir = ${folder}/issued\ndefault_md = sha256\npolicy = any\nunique_subject = no
copy_extensions = copy\n[any]\ncommonName = supplied\n`;
    writeFileSync(join(folder, "rules"), rules);
    const key = ["-keyout", join(folder, "authority.key"), ...keyKind];
    this.#run("req", "-x509", "-subj", "/CN=tests", "-days", "2", ...key, "-out", this.file);
  }

  issue(options: CertificateOptions = {}): Certificate {
    this.#count += 1;
    const base = join(this.#folder, `certificate-${this.#count}`);
    const [request, key, cert] = [`${base}.csr`, `${base}.key`, `${base}.pem`];
    const names = ["-addext", `subjectAltName=${options.for ?? "IP:127.0.0.1"}`];
    this.#run("req", "-subj", "/CN=target", ...names, ...keyKind, "-keyout", key, "-out", request);
    const { from, until } = options;
    const time = [
      ...(from === undefined ? [] : ["-startdate", from]),
      ...(until === undefined ? ["-days", "1"] : ["-enddate", until]),
    ];
    const signed = ["-keyfile", join(this.#folder, "authority.key"), "-cert", this.file];
    const how = ["-batch", "-notext", "-config", join(this.#folder, "rules"), ...signed, ...time];
    this.#run("ca", ...how, "-in", request, "-out", cert);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  }

  #run(...words: string[]): void {
    execFileSync(this.#openssl, words, { stdio: "pipe" });
  }
}

const keyKind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
