import { test } from "vitest";
import { everyStep } from "./every.ts";

/** A test that the short form leaves out. */
export const inLongForm = test.runIf(everyStep);
