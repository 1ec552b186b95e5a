import { expect, test } from "vitest";
import { featureVariable, featureVariables } from "../../../src/config/feature-variables.ts";

test.each([
  ["vectorSearch", "STUDIO_FEATURE_VECTOR_SEARCH"],
  ["vector-search", "STUDIO_FEATURE_VECTOR_SEARCH"],
  ["new.HTTPServer", "STUDIO_FEATURE_NEW_HTTP_SERVER"],
  ["v2Api", "STUDIO_FEATURE_V2_API"],
  ["ALREADY_UPPER", "STUDIO_FEATURE_ALREADY_UPPER"],
])("the flag %s is told as %s", (flag, variable) => {
  expect(featureVariable(flag)).toBe(variable);
});

test("a flag is told whether it is on or off", () => {
  expect(featureVariables({ fast: true, safe: false })).toEqual({
    STUDIO_FEATURE_FAST: "true",
    STUDIO_FEATURE_SAFE: "false",
  });
});
