"""What a plan proves: tests of coverage, indicators, odds, links and exposure, each with what it rests on."""
