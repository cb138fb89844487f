import fc from "fast-check";

/**
 * Property tests take the same random values at each run, so that a red build is about the change and not about luck.
 * Look further with other values: `PROPERTY_SEED=$RANDOM make test-unit`.
 */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20_260_101) });
