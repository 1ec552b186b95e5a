import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBech32, encodeBech32 } from "../../../../src/backup/age/bech32.ts";

test.each([
  ["A12UEL5L", "A", ""],
  ["a12uel5l", "a", ""],
  ["?1ezyfcl", "?", ""],
  [
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "abcdef",
    "00443214c74254b635cf84653a56d7c675be77df",
  ],
  [
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "split",
    "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d",
  ],
  [
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
    "",
  ],
])("%s of BIP-173 is read", (text, prefix, hex) => {
  expect(decodeBech32(text)).toEqual({ prefix, bytes: Buffer.from(hex, "hex") });
  expect(encodeBech32(prefix.toLowerCase(), Buffer.from(hex, "hex"))).toBe(text.toLowerCase());
});

test.each([
  ["", "nothing"],
  ["\u{20}1nwldj5", "a space in the prefix"],
  ["\u{7f}1axkwrx", "a control character in the prefix"],
  ["pzry9x0s0muk", "no separator"],
  ["1pzry9x0s0muk", "no prefix"],
  ["10a06t8", "no prefix"],
  ["x1b4n0q5v", "a character that is not of the alphabet"],
  ["li1dgmt3", "a checksum too short"],
  ["de1lg7wt\u{ff}", "a character outside ASCII"],
  ["A1G7SGD8", "a checksum of the prefix in upper case"],
  ["a12UEL5L", "mixed case"],
  ["split1checkupstagehandshakeupstreamerranterredcaperred2y9e2w", "a wrong checksum"],
  ["split1cheo2y9e2w", "a character that is not of the alphabet"],
  ["split1a2y9w", "too few characters"],
  ["age1qpu0j2ex", "padding that is not zero"],
  ["age1qdd35qf", "padding in place of content"],
  ["age1qqqyst3gn", "padding of a whole character"],
])("%s is refused: %s", (text) => {
  expect(decodeBech32(text)).toBeNull();
});

test("whatever is written is read, and no single change of a character goes unseen", () => {
  const letters = Array.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l");
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(bytes, fc.nat(), fc.constantFrom(...letters), check));
  function check(content: Uint8Array, where: number, letter: string) {
    const text = encodeBech32("age", content);
    expect(decodeBech32(text)?.bytes).toEqual(Buffer.from(content));
    expect(decodeBech32(text.toUpperCase())?.bytes).toEqual(Buffer.from(content));
    const place = 4 + (where % (text.length - 4));
    if (text[place] === letter) return;
    expect(decodeBech32(text.slice(0, place) + letter + text.slice(place + 1))).toBeNull();
  }
});
