"""The mathematics of experiments on readers: values in, values out, no IO.

assignment   which variant a reader sees        click_rate   the CTR of one variant, by reader
exploration  the draw of a randomised slot      sequential   a variant against the control
off_policy   what another policy would have earned in the randomised slots
"""
