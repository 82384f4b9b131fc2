"""Which Vulkan driver the tests, the benchmark and the demo run on. What they have in common: nothing but the standard library.

VK_ICD_FILENAMES is the Vulkan loader's own variable. Here unset means SwiftShader, which comes with Chromium, where it is
installed; empty means the drivers of the machine (the loader itself finds none when it is set and empty).
"""

import glob
import os

VARIABLE = "VK_ICD_FILENAMES"
SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"


def choose(*, prefer_gpu: bool = False) -> None:
    """Sets the variable for this process and its children. prefer_gpu: unset means the machine's GPU where there is one."""
    if os.environ.get(VARIABLE) == "":
        del os.environ[VARIABLE]
        return
    gpu = prefer_gpu and (glob.glob("/dev/dri/renderD*") or glob.glob("/dev/nvidia[0-9]*"))
    if VARIABLE not in os.environ and not gpu and os.path.exists(SWIFTSHADER):
        os.environ[VARIABLE] = SWIFTSHADER
