# Several profiles from one template: packer build . makes one image a profile, -only picks some.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

# Every profile of the site; each extends the site's common one.
data "airship-nodeprofile" "site" {
  documents = ["${path.root}/documents"]
  selector  = "airshipit.org/site=test"
}

source "airship" "node" {
  verify_boot = var.verify_boot
  isolation   = var.isolation
}

build {
  source "airship.node" {
    name             = "control-plane"
    profile_yaml     = data.airship-nodeprofile.site.profiles["control-plane"]
    output_directory = "${path.root}/output/control-plane"
  }

  source "airship.node" {
    name             = "worker"
    profile_yaml     = data.airship-nodeprofile.site.profiles["worker"]
    output_directory = "${path.root}/output/worker"
  }

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.site.profiles[source.name]
  }
}
