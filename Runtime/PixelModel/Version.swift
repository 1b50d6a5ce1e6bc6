// SPDX-License-Identifier: MIT

/// The version of everything in this repository: in `--version`, log lines and `User-Agent`.
public let pixelPipelineVersion = "0.1.0"
