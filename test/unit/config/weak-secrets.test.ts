import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { namesSecret, weaknessOf } from "../../../src/config/weak-secrets.ts";

describe("a secret", () => {
  test.each([
    "changeme",
    "Change-Me",
    "CHANGE_ME_IN_PRODUCTION",
    "password",
    "pass-word",
    "<your-secret-key>",
    "replace-with-a-long-one",
    "123456",
    "xxxxx",
    "minioadmin",
    "Password2024!",
    "P@ssw0rd",
    "4dm1n",
    "adminadmin",
    "test1234567890",
    "secret-key-1",
    "Y2hhbmdlbWU=",
    "6368616e67656d65",
    "ｃｈａｎｇｅｍｅ",
    "changeme\u200b",
    '"changeme"',
  ])("with the value %s has one that everybody knows", (value) => {
    expect(weaknessOf(value)).toBe("default");
  });

  test("that repeats its own name or its user is no secret", () => {
    expect(weaknessOf("studio-owner-of-it", ["studio-owner-of-it"])).toBe("default");
    expect(weaknessOf("JWT_SECRET_KEY", ["JWT_SECRET_KEY"])).toBe("default");
  });

  test("that is short, or made of few characters, can be guessed", () => {
    expect(weaknessOf("k3!vR9x")).toBe("weak");
    expect(weaknessOf("abababababababab")).toBe("weak");
    expect(weaknessOf("0123456789abcdef0123456789abcdef")).toBe("weak");
    expect(weaknessOf("qwertyuiopasdfgh")).toBe("weak");
    expect(weaknessOf("yes", ["JWT_SECRET_KEY"])).toBe("weak");
    expect(weaknessOf("yes", ["MYSQL_RANDOM_ROOT_PASSWORD"])).toBeNull();
  });

  test.each(["JWT_SECRET_KEY", "SECRET_KEY", "SESSION_SECRET", "cookie.signingKey", "JWT_SECRET"])(
    "that signs for everybody, as %s does, has 32 bytes",
    (name) => {
      const key = "9f8c1d7ab02e4c55b7f0e3d2c1a09b8f";
      expect(weaknessOf(key, [name])).toBeNull();
      expect(weaknessOf(key.slice(1), [name])).toBe("weak");
    },
  );

  test.each(["AWS_SECRET_KEY", "API_KEY", "OAUTH_CLIENT_SECRET", "DB_PASSWORD", "APP_KEY_ID"])(
    "that others hand out, or that only lets in, as %s, may be shorter",
    (name) => {
      expect(weaknessOf("9f8c1d7ab02e4c55b7f0", [name])).toBeNull();
    },
  );

  test("that was drawn by chance is not weak, and one that is empty is none", () => {
    expect(weaknessOf("9f8c1d7ab02e4c55b7f0")).toBeNull();
    expect(weaknessOf("correct-horse-battery-staple")).toBeNull();
    expect(weaknessOf("  ")).toBeNull();
  });

  test.each([16, 18, 24, 32, 36])("of %i random bytes is never taken for another", (bytes) => {
    for (let round = 0; round < 500; round += 1) {
      const drawn = randomBytes(bytes);
      for (const form of ["hex", "base64", "base64url"] as const) {
        const value = drawn.toString(form);
        expect(weaknessOf(value, ["API_TOKEN"]), value).toBeNull();
      }
    }
  });
});

test("the name of a variable tells whether it holds a secret", () => {
  const secrets = ["POSTGRES_PASSWORD", "JWT_SECRET_KEY", "API_KEY", "AUTH_TOKEN", "DB_PASS"];
  secrets.push("PGPASSWORD", "clientSecret", "JWTSECRET", "DBPASS", "API_KEYS", "APP_KEY");
  expect(secrets.filter((name) => !namesSecret(name))).toEqual([]);
  const others = [
    "MAX_TOKENS",
    "maxTokens",
    "BYPASS",
    "COMPASS_HOST",
    "PASSWORD_FILE",
    "TOKEN_TTL",
    "PUBLIC_KEY",
    "KEYBOARD",
    "JWT_ALGORITHM",
    "PASSWORD_MIN_LENGTH",
  ];
  expect(others.filter(namesSecret)).toEqual([]);
});
