import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeHeader,
  encodeMac,
  headerLength,
  parseHeader,
} from "../../../../src/backup/age/header.ts";
import { isDamage } from "../../../../src/backup/failures.ts";

const share = "XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE";
const body = "qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E";
const mac = "HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s";
/** The one the specification shows. */
const example = `age-encryption.org/v1\n-> X25519 ${share}\n${body}\n--- ${mac}\n`;
const line = "A".repeat(64);

function parse(text: string) {
  return parseHeader(Buffer.from(text, "latin1"));
}

test("the specification's example is read", () => {
  expect(parse(`${example}payload`)).toEqual({
    stanzas: [{ arguments: ["X25519", share], body: Buffer.from(body, "base64") }],
    mac: Buffer.from(mac, "base64"),
    coveredLength: example.indexOf("---") + 3,
    length: example.length,
  });
});

test("a header is read as it was written", () => {
  const word = fc.stringMatching(/^[!-~]{1,20}$/);
  const stanza = fc.record({
    arguments: fc.array(word, { minLength: 1, maxLength: 4 }),
    body: fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes)),
  });
  const code = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(stanza, { minLength: 1, maxLength: 4 }), code, (stanzas, code) => {
      const covered = encodeHeader(stanzas);
      const written = covered + encodeMac(code);
      expect(parse(`${written}\n\0more`)).toEqual({
        stanzas,
        mac: code,
        coveredLength: covered.length,
        length: written.length,
      });
    }),
  );
});

test.each([0, 47, 48, 49, 96])("a body of %i bytes ends with a short line", (size) => {
  const stanzas = [{ arguments: ["x"], body: Buffer.alloc(size, 7) }];
  expect(parse(encodeHeader(stanzas) + encodeMac(Buffer.alloc(32))).stanzas).toEqual(stanzas);
});

test("its length is known before", () => {
  expect(headerLength(1)).toBe(example.length);
  expect(headerLength(3) - headerLength(2)).toBe(`-> X25519 ${share}\n${body}\n`.length);
});

test.each([
  [`-> x\n${line}\n\n`, 48],
  [`-> x\n\n`, 0],
  [`-> x y ! ~\n${line}\n${line}\nAAAA\n`, 99],
])("the stanza %j is read", (stanza, bytes) => {
  const { stanzas } = parse(`age-encryption.org/v1\n${stanza}--- ${mac}\n`);
  expect(stanzas.map((one) => one.body.length)).toEqual([bytes]);
});

test.each([
  ["", "nothing"],
  ["age-encryption.org/v1", "an end after the first line's text"],
  ["age-encryption.org/v1\n", "an end after the first line"],
  [example.replace("/v1", "/v2"), "another version"],
  [example.replaceAll("\n", "\r\n"), "lines that end as on Windows"],
  [` ${example}`, "something before it"],
  [`age-encryption.org/v1\n--- ${mac}\n`, "no stanza"],
  [example.slice(0, -1), "no end of the last line"],
  [example.replace(`--- ${mac}\n`, ""), "no last line"],
  [example.replace("--- ", "---"), "no space before the MAC"],
  [example.replace("--- ", "---  "), "two spaces before the MAC"],
  [example.replace("--- ", "----"), "a fourth dash"],
  [example.replace(mac, `${mac} `), "a space after the MAC"],
  [example.replace(mac, mac.slice(1)), "a MAC too short"],
  [example.replace(mac, `AAAA${mac}`), "a MAC too long"],
  [example.replace(mac, `${mac}=`), "a MAC with padding"],
  [example.replace(mac, `${mac.slice(0, -1)}t`), "a MAC not in canonical form"],
  [example.replace(body, `${body}=`), "a body with padding"],
  [example.replace(body, `${body.slice(0, -1)}F`), "a body not in canonical form"],
  [example.replace(body, `${body.slice(0, -1)}-`), "a body in the alphabet of URLs"],
  [example.replace(body, `${body}\r`), "a carriage return"],
  [example.replace(body, ` ${body}`), "a space before a body"],
  [example.replace(`${body}\n`, ""), "no body"],
  [example.replace(body, line), "a body without its short line"],
  [example.replace(body, `${line}AAAA\n${body}`), "a body line too long"],
  [example.replace(body, `AAAA\n${body}`), "a second short line"],
  [example.replace("-> X25519 ", "-> X25519  "), "an empty argument"],
  [example.replace("-> X25519 ", "->X25519 "), "no space before the first argument"],
  [example.replace(`-> X25519 ${share}`, "->"), "no argument"],
  [example.replace(`-> X25519 ${share}`, "-> "), "an empty first argument"],
  [example.replace("X25519", "X25519\t"), "a tab in an argument"],
  [example.replace("X25519", "X25519\xe9"), "a letter outside ASCII"],
  [example.replace("-> ", "-- "), "a stanza that does not start as one"],
])("%j is refused: %s", (text) => {
  expect(() => parse(text)).toThrow(expect.toSatisfy(isDamage));
});
