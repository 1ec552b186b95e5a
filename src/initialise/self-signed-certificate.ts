import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS #8. */
  key: string;
}

/** Milliseconds. */
const day = 86_400_000;

/**
 * A certificate that a server can start with until it has a real one: ECDSA on P-256, signed by
 * itself, in the form of RFC 5280.
 * @param days how long it holds, from a day before `now` on (a clock may be late)
 */
export function selfSignedCertificate(domain: string, now: Date, days = 397): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const start = new Date(now.getTime() - day);
  const end = new Date(start.getTime() + days * day);
  const name = sequence(set(sequence(oid("2.5.4.3"), element(0x0c, domain.slice(0, 64)))));
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const toBeSigned = sequence(
    element(0xa0, integer(2)),
    // Positive, and not zero, whatever the random bits are.
    element(0x02, Buffer.concat([Buffer.of(0x4f), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(start), time(end)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    element(0xa3, sequence(...extensionsFor(domain))),
  );
  const signature = element(
    0x03,
    Buffer.concat([Buffer.of(0), sign("sha256", toBeSigned, privateKey)]),
  );
  const der = sequence(toBeSigned, algorithm, signature);
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificate: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join(
      "\n",
    ),
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

function extensionsFor(domain: string): Buffer[] {
  const extension = (id: string, value: Buffer) => sequence(oid(id), element(0x04, value));
  return [
    extension("2.5.29.17", sequence(element(0x82, domain))),
    extension("2.5.29.19", sequence()),
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
  ];
}

/** One element of DER: tag, length, content. */
function element(tag: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  const { length } = bytes;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), bytes]);
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return element(0x31, part);
}

/** A small one. */
function integer(value: number): Buffer {
  return element(0x02, Buffer.of(value));
}

/** UTCTime, which holds until 2049. */
function time(date: Date): Buffer {
  return element(0x17, `${date.toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return element(0x06, Buffer.from(bytes));
}

/** Seven bits a byte, the highest bit set in all but the last. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}
