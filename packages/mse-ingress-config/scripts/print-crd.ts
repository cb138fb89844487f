/** Prints the CustomResourceDefinition of MseIngressConfig as JSON, which is YAML too: `| kubectl apply --server-side -f -`. */
import { mseIngressConfigCrd } from "../src/index.ts";

console.log(JSON.stringify(mseIngressConfigCrd(), null, 2));
