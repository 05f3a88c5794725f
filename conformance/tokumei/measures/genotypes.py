"""Genotypes in texts: which places of the genome are named, how long a row of genotypes is, and sequences of bases."""

from __future__ import annotations

import re
from collections.abc import Iterable

SNP = re.compile(r"(?<![0-9A-Za-z])rs([0-9]{3,})(?![0-9A-Za-z])", re.IGNORECASE)
PLACE = re.compile(r"(?<![0-9A-Za-z])chr(?:[0-9]{1,2}|[XY])[:_][0-9]{4,}", re.IGNORECASE)
"""A variant by its position."""
LOCI = (
    "D1S1656 D2S441 D2S1338 D3S1358 D5S818 D7S820 D8S1179 D10S1248 D12S391 D13S317 D16S539 D18S51 D19S433 D21S11 D22S1045 "
    "CSF1PO FGA TH01 TPOX VWA SE33 PENTA_D PENTA_E D6S1043"
).split()
"""The loci of short tandem repeats in wide use (CODIS, ESS and the kits sold in Japan)."""
LOCUS = re.compile(
    r"(?<![0-9A-Za-z])(" + "|".join(one.replace("_", "[ _]?") for one in LOCI) + r"|D[0-9]{1,2}S[0-9]{2,4})(?![0-9])",
    re.IGNORECASE,
)
GENOTYPE = r"(?:[ACGT]{2}|[ACGT][/|][ACGT]|[012][/|][012])"
ROW = re.compile(rf"(?<![0-9A-Za-z])(?:{GENOTYPE}[ ,;\t]+){{7,}}{GENOTYPE}(?![0-9A-Za-z])")
SEQUENCE = re.compile(r"(?<![A-Za-z])[ACGTN]{100,}", re.IGNORECASE)
"""So many bases in a row are a sequence, and no word or code."""
FILES = re.compile(
    r"^##fileformat=VCF|^#CHROM\tPOS|^@HD\tVN:|^>[^\n]{1,200}\n[ACGTN]{40,}|^@[^\n]{1,200}\n[ACGTN]{30,}\n\+"
    r"|^# rsid\tchromosome",
    re.IGNORECASE | re.MULTILINE,
)
"""The beginnings of VCF, SAM, FASTA, FASTQ and of the raw data of testing services."""
NAMES = re.compile(r"\.(vcf|bcf|bam|cram|fastq|fq|fasta|fa|ped|bed|bim|gvcf|sam)(\.gz|\.bz2|\.zip)?$", re.IGNORECASE)


def snps(texts: Iterable[str]) -> set[str]:
    """The places of single nucleotide polymorphisms that the texts name."""
    found: set[str] = set()
    for text in texts:
        found |= {match.lower() for match in SNP.findall(text)} | {match.lower() for match in PLACE.findall(text)}
    return found


def loci(texts: Iterable[str]) -> set[str]:
    """The loci of short tandem repeats that the texts name."""
    return {re.sub("[ _]", "", match.upper()) for text in texts for match in LOCUS.findall(text)}


def unnamed(text: str) -> int:
    """How many genotypes stand in a row without the names of their places."""
    return max((len(re.findall(GENOTYPE, row)) for row in ROW.findall(text)), default=0)


def is_file(path: str, text: str) -> bool:
    """Whether a file is one of genotypes or sequences, by its name or by how it begins."""
    return bool(NAMES.search(path) or FILES.search(text[:65536]) or SEQUENCE.search(text[:1048576]))


__all__ = ["GENOTYPE", "LOCI", "is_file", "loci", "snps", "unnamed"]
