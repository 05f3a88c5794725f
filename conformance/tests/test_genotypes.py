"""Genotypes in texts, in the notation of dbSNP, of positions, of short tandem repeats and of the formats of files."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.measures import genotypes

CODIS = "CSF1PO D3S1358 D5S818 D7S820 D8S1179 D13S317 D16S539 D18S51 D21S11 FGA TH01 TPOX VWA D1S1656 D2S441 D2S1338 "
CODIS += "D10S1248 D12S391 D19S433 D22S1045"
SEPARATED = st.sampled_from([" ", ",", ";", "\t", ", ", "。", "("])


@given(st.lists(st.integers(100, 10**9), max_size=5), SEPARATED, st.sampled_from(["rs", "RS", "Rs"]))
def test_each_number_of_dbsnp_is_a_place(numbers: list[int], between: str, prefix: str) -> None:
    text = between.join(f"{prefix}{number}:AG" for number in numbers)
    assert genotypes.snps([text]) == genotypes.snps(text.split(between)) == {str(number) for number in numbers}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("rs123", {"123"}),
        ("rs12", set()),  # too short
        ("xrs123", set()),
        ("9rs123", set()),
        ("rs123x", set()),
        ("rs123_A", {"123"}),
        ("年rs123年", {"123"}),
        ("chr7:117559590", {"chr7:117559590"}),
        ("CHR22_1000", {"chr22_1000"}),
        ("chrX:1234 chry:5678", {"chrx:1234", "chry:5678"}),
        ("chr7:999", set()),
        ("chr123:4567", set()),
        ("chrZ:4567", set()),
        ("chr7-4567", set()),
        ("achr7:4567", set()),
        ("1chr7:4567", set()),
        ("", set()),
    ],
)
def test_a_place_stands_alone_and_has_digits_enough(text: str, places: set[str]) -> None:
    assert genotypes.snps([text]) == places


def test_places_of_several_texts_are_told_once() -> None:
    assert genotypes.snps(["rs1234 chr1:10000", "rs1234", "CHR1:10000 rs5678"]) == {"1234", "5678", "chr1:10000"}


@pytest.mark.parametrize("locus", CODIS.split())
def test_each_locus_of_codis_is_known_in_any_case(locus: str) -> None:
    assert locus in genotypes.LOCI
    assert genotypes.loci([f"{locus}: 12,14"]) == genotypes.loci([f"型={locus.lower()}"]) == {locus}


@pytest.mark.parametrize(
    ("text", "loci"),
    [
        ("Penta D 9/12; PENTA_E 7", {"PENTAD", "PENTAE"}),
        ("pentad 9", {"PENTAD"}),
        ("D6S1043 D4S2408", {"D6S1043", "D4S2408"}),  # a locus of no list has the form of one
        ("TH01 TH01", {"TH01"}),
        ("TH019", set()),
        ("xTH01", set()),
        ("1TH01", set()),
        ("SE33,FGA", {"SE33", "FGA"}),
        ("D123S45", set()),
        ("D1S1", set()),
        ("FGAの型", {"FGA"}),
    ],
)
def test_a_locus_stands_alone(text: str, loci: set[str]) -> None:
    assert genotypes.loci([text]) == loci


@given(
    st.lists(st.sampled_from(["AG", "CC", "A/G", "T|T", "0/1", "2|2", "1/0"]), max_size=20),
    st.sampled_from([" ", ",", ";", "\t", ", "]),
)
def test_a_row_of_eight_genotypes_is_counted_without_their_places(row: list[str], between: str) -> None:
    found = genotypes.unnamed("x " + between.join(row) + " 終")
    assert found == (len(row) if len(row) >= 8 else 0)


def test_the_longest_row_counts_and_rows_are_parted() -> None:
    assert genotypes.unnamed("AG " * 9 + "; その後 " + "CT " * 12) == 12
    assert genotypes.unnamed("AG " * 7 + "x " + "CT " * 7) == 0
    assert genotypes.unnamed("AG " * 8 + "CTA") == 8
    assert genotypes.unnamed("xAG" + " AG" * 8) == 8
    assert genotypes.unnamed("AG-" * 9) == genotypes.unnamed("ag " * 9) == genotypes.unnamed("3/1 " * 9) == 0


BASES = "".join(Random(1).choices("ACGT", k=400))


@pytest.mark.parametrize(
    ("path", "text", "known"),
    [
        *((f"data/one.{end}", "", True) for end in "vcf bcf bam cram fastq fq fasta fa ped bed bim gvcf sam".split()),
        ("one.VCF.gz", "", True),
        ("one.vcf.bz2", "", True),
        ("one.fa.zip", "", True),
        ("one.vcf.xz", "", False),
        ("vcf", "", False),
        ("one.vcf.csv", "", False),
        ("one.csv", "##fileformat=VCFv4.2\n", True),
        ("one.csv", "#CHROM\tPOS\tID\n", True),
        ("one.csv", "x\n#chrom\tpos\n", True),
        ("one.csv", "a #CHROM\tPOS", False),
        ("one.csv", "@HD\tVN:1.6", True),
        ("one.csv", f">name\n{BASES[:40]}\n", True),
        ("one.csv", f">name\n{BASES[:39]}\n", False),
        ("one.csv", f"@read\n{BASES[:30]}\n+\n", True),
        ("one.csv", f"@read\n{BASES[:29]}\n+\n", False),
        ("one.csv", f"@read\n{BASES[:30]}\n-\n", False),
        ("one.csv", f">{'q' * 200}\n{BASES[:40]}", True),
        ("one.csv", f">{'q' * 201}\n{BASES[:40]}", False),
        ("one.csv", f"@{'q' * 200}\n{BASES[:30]}\n+", True),
        ("one.csv", f"@{'q' * 201}\n{BASES[:30]}\n+", False),
        ("one.csv", "# rsid\tchromosome\tposition\tgenotype\n", True),
        ("one.csv", "x" * 65536 + "\n##fileformat=VCF", False),
        ("one.csv", "x" * 65519 + "\n##fileformat=VCF", True),
        ("one.csv", "x" * 65520 + "\n##fileformat=VCF", False),
        ("one.csv", "id,seq\n1," + BASES[:100], True),
        ("one.csv", "id,seq\n1," + BASES[:100].lower(), True),
        ("one.csv", "id,seq\n1," + BASES[:99] + ",", False),
        ("one.csv", "id,seq\n1,N" + BASES[:99] + ",", True),
        ("one.csv", "id,seq\n1,x" + BASES[:100] + ",", False),
        ("one.csv", "," * (1048576 - 100) + BASES[:100], True),
        ("one.csv", "," * (1048576 - 99) + BASES[:100], False),
        ("one.csv", "氏名,年齢\n山田,40\n", False),
    ],
)
def test_a_file_is_known_by_its_name_its_beginning_or_a_sequence(path: str, text: str, known: bool) -> None:
    assert genotypes.is_file(path, text) is known


def test_the_form_of_a_genotype_is_two_bases_or_two_alleles() -> None:
    for text, form in {
        "AG": True,
        "A/G": True,
        "0|2": True,
        "A": False,
        "AGT": False,
        "AU": False,
        "3/0": False,
    }.items():
        assert bool(re.fullmatch(genotypes.GENOTYPE, text)) is form
