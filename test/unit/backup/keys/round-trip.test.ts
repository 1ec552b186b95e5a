import { expect, test } from "vitest";
import { generateIdentity, identityFileText } from "../../../../src/backup/age/identity.ts";
import { tryKeys } from "../../../../src/backup/keys/round-trip.ts";

const keys = Array.from({ length: 3 }, generateIdentity);
const [mine = generateIdentity(), yours = generateIdentity(), theirs = generateIdentity()] = keys;
const fileOf = (...identities: typeof keys) => ({
  text: identities.map((one) => identityFileText(one, new Date(0))).join(""),
  source: "key.txt",
});

test("a recipient is proven by its own identity, and by no other", () => {
  const recipients = [mine.recipient, yours.recipient];
  expect(tryKeys(recipients, [fileOf(mine)])).toEqual({ proven: [mine.recipient], strangers: [] });
  expect(tryKeys(recipients, [fileOf(theirs)])).toEqual({
    proven: [],
    strangers: [theirs.recipient],
  });
  expect(tryKeys(recipients, [fileOf(theirs, yours), fileOf(mine)])).toEqual({
    proven: recipients,
    strangers: [theirs.recipient],
  });
  expect(tryKeys(recipients, []).proven).toEqual([]);
});

test("a file that holds no identity is refused by its name, without its content", () => {
  const text = `${mine.identity.slice(0, -1)}X`;
  const attempt = () => tryKeys([mine.recipient], [{ text, source: "key.txt" }]);
  expect(attempt).toThrow(/Line 1 of key\.txt/);
  expect(attempt).not.toThrow(new RegExp(mine.identity.slice(20, 40)));
});

test("a recipient that is none is refused", () => {
  expect(() => tryKeys(["age1nonsense"], [fileOf(mine)])).toThrow(/mistyped|recipient/);
});
