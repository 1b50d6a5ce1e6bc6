# SPDX-License-Identifier: MIT
"""What holds for the repository as a whole: licences, one version, a code map that is complete, nothing beside it."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = re.compile(r"^\.(build|swiftpm|local-cloud|git/)|/__pycache__/|^\.git$")


def files():
    """What git has, or in an unpacked archive whatever is no build product."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        names = [name for name in listed if name and (ROOT / name).is_file()]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
    return [name for name in names if not BUILT.search(name)]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


class Licences(unittest.TestCase):
    kinds = {".swift", ".c", ".h", ".sh", ".py", ".js", ".mjs", ".go", ".lua", ".yml"}

    def test_every_source_file_names_its_licence_at_its_top(self):
        bare = [
            name for name in files()
            if (pathlib.Path(name).suffix in self.kinds or name in (".ci/run", "infra/images/Dockerfile"))
            and not any("SPDX-License-Identifier: MIT" in line for line in text(name).splitlines()[:3])
        ]
        self.assertEqual(bare, [])


class Alone(unittest.TestCase):
    def test_no_file_looks_for_something_beside_the_repository(self):
        found = []
        for name in files():
            if name.startswith(("Tests/Fuzz/Corpus/", "Tests/Repository/")):
                continue
            try:
                content = text(name)
            except UnicodeDecodeError:
                continue
            if re.search(r"\.\./shared\b|/work/(shared|main|lane)", content):
                found.append(name)
        self.assertEqual(found, [])


class Version(unittest.TestCase):
    def test_the_program_s_version_is_the_changelog_s_newest(self):
        constants = {
            name: match.group(1) for name in files() if name.startswith("Runtime/") and name.endswith(".swift")
            if (match := re.search(r'let pixelPipelineVersion(?:: \w+)? = "([^"]+)"', text(name)))
        }
        self.assertEqual(len(constants), 1, constants)
        released = re.findall(r"^## (\d+\.\d+\.\d+)", text(".github/CHANGELOG.md"), re.M)
        self.assertEqual(list(constants.values()), released[:1])
        self.assertEqual(released, sorted(released, key=lambda v: [int(n) for n in v.split(".")], reverse=True))

    def test_one_version_of_swift(self):
        swift = text(".swift-version").strip()
        self.assertRegex(swift, r"^\d+\.\d+\.\d+$")
        image = f"swift:{swift}-bookworm"
        for name in (".devcontainer/devcontainer.json", ".github/workflows/test.yml", "infra/images/Dockerfile",
                     "Tests/Examples/Greeter/Dockerfile",
                     "Runtime/FunctionRuntime/FunctionRuntime.docc/SmallestFunctions.md"):
            found = set(re.findall(r"\bswift:[0-9][\w.-]*", text(name)))
            self.assertEqual(found, {image}, name)
        self.assertIn(f"'{swift.rsplit('.', 1)[0]}'", text(".spi.yml"))


class CodeMap(unittest.TestCase):
    """CONTRIBUTING's map has a line for each folder that has code."""

    def test_every_folder_is_on_the_map(self):
        map_text = text(".github/CONTRIBUTING.md")
        folders = set()
        for name in files():
            parts = pathlib.Path(name).parts
            if len(parts) > 2 and parts[0] in ("Functions", "Runtime", "Tests", "scripts", "infra"):
                folders.add("/".join(parts[:2]))
        absent = [folder for folder in sorted(folders) if f"`{folder}/" not in map_text and not self.is_suite(folder)]
        self.assertEqual(absent, [])

    @staticmethod
    def is_suite(folder):
        # Tests/XTests are the tests of X: one line for all of them.
        return re.fullmatch(r"Tests/\w+Tests", folder)

    def test_every_folder_and_file_on_the_map_is_there(self):
        for name in re.findall(r"`((?:Functions|Runtime|Tests|scripts|infra)/[\w./-]*)`", text(".github/CONTRIBUTING.md")):
            with self.subTest(name):
                self.assertTrue((ROOT / name).exists())


class Workflows(unittest.TestCase):
    def test_what_the_workflows_run_is_there_and_takes_these_arguments(self):
        commands = [
            line.strip() for name in files() if name.startswith(".github/workflows/")
            for line in re.findall(r"^\s*- run: (.*)$", text(name), re.M)
        ]
        self.assertTrue(any(command == "scripts/test.sh --all" for command in commands))
        for command in commands:
            script, *options = command.split()
            usage = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
            for option in options:
                if option.startswith("--"):
                    self.assertIn(option, usage, command)


if __name__ == "__main__":
    unittest.main()
