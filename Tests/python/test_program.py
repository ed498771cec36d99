"""The program as a shell sees it: exit codes and where its words go."""


def test_the_version_is_printed_on_standard_output(ais):
    assert ais("--version").strip() != ""


def test_an_unknown_flag_is_refused_with_exit_code_2_and_named(ais):
    done = ais.run("--no-such-flag")
    assert done.returncode == 2
    assert "--no-such-flag" in done.stderr
    assert done.stdout == ""
