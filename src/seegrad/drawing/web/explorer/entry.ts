// The entry of the small build: pages whose pictures don't train.

import { Explorer } from "./explorer.ts";
import { pageOf } from "../page.ts";

export const { mount, read } = pageOf((root, data, options) => new Explorer(root, data, options));
