/**
 * Makes the images of the tests that are not there yet, so that no test waits for them:
 * node test/support/docker/make-images.ts
 */
import { testImage, testImages } from "./images.ts";

for (const name of testImages) process.stdout.write(`${testImage(name)}\n`);
